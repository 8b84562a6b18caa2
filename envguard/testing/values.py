"""The cases about values and names: what is written comes back as it was, or is refused at once."""

from __future__ import annotations

import pytest

from envguard.core.backend import Batch, Capability
from envguard.core.errors import EnvguardError, NameNotAllowed
from envguard.core.reference import Reference, parse_reference
from envguard.core.secret import Secret
from envguard.testing.case import CANARY, Watch, case, needs, opened
from envguard.testing.home import Home

_KIB = 1024


def _long(size: int) -> str:
    """A value of that many bytes that no error may show."""
    return (CANARY * (size // len(CANARY) + 1))[:size]


class ValueCases:
    """What a backend keeps."""

    def kept(self, home: Home, value: str) -> None:
        """Writes a value, and reads it as the same process and as another one."""
        writer = opened(home, Capability.WRITE)
        ref = writer.locate("NAME")
        assert writer.write(ref, Secret(value), token="t1")
        for reader in (writer, home.open()):
            assert reader.read([ref]) == {ref: Secret(value)}

    def kept_or_refused(self, home: Home, watch: Watch, value: str, *, fits: bool) -> None:
        """The value comes back as it was, or is refused and leaves what was there."""
        backend = opened(home, Capability.WRITE)
        ref = backend.locate("NAME")
        backend.write(ref, Secret("before"), token=f"before {len(value)}")
        try:
            backend.write(ref, Secret(value), token=f"after {len(value)}")
        except EnvguardError:
            assert not fits, "a value within the limits is refused"
            with watch.refusal():
                backend.write(ref, Secret(value), token="t3")
            assert home.open().read([ref]) == {ref: Secret("before")}
            watch.outcome = "refused"
        else:
            assert home.open().read([ref])[ref].reveal() == value

    @case("reads")
    def test_every_backend_reads(self, home: Home) -> None:
        assert Capability.READ in home.open().capabilities

    @case("plain, unicode, multi-line, JSON, text that looks like a reference")
    @pytest.mark.parametrize(
        "value",
        [
            "plain",
            "two\nlines\n",
            "carriage\r\nreturn",
            "ünïcödé 🔑",
            " blanks around ",
            "secret:OTHER",
            "${OTHER}",
            "{{secrets.OTHER}}",
            '{"a": 1}',
            "quote\"'`\\",
            "null",
        ],
        ids=lambda value: ascii(value)[1:-1],
    )
    def test_a_value_comes_back_as_it_was(self, home: Home, watch: Watch, value: str) -> None:
        if any(text in value for text in home.limits.refused):
            self.kept_or_refused(home, watch, value, fits=False)
            watch.outcome = ""
        else:
            self.kept(home, value)

    @case("empty value")
    def test_an_empty_value_is_kept_or_refused(self, home: Home, watch: Watch) -> None:
        self.kept_or_refused(home, watch, "", fits=home.limits.empty)

    @case("4 KiB")
    def test_a_value_of_4_kib_is_kept(self, home: Home) -> None:
        self.kept(home, "x" * min(4 * _KIB, home.limits.value or 4 * _KIB))

    @case("64 KiB")
    def test_a_value_of_64_kib_is_kept_or_refused(self, home: Home, watch: Watch) -> None:
        most = home.limits.value
        fits = most is None or most >= 64 * _KIB
        self.kept_or_refused(home, watch, _long(64 * _KIB), fits=fits)

    @case("the longest value, and one byte more")
    def test_the_longest_value_is_kept_and_a_longer_one_refused(
        self, home: Home, watch: Watch
    ) -> None:
        if home.limits.value is None:
            pytest.skip("has no limit")
        self.kept_or_refused(home, watch, _long(home.limits.value), fits=True)
        self.kept_or_refused(home, watch, _long(home.limits.value + 1), fits=False)

    @case("a limit counts bytes, not characters")
    def test_a_value_is_measured_in_bytes(self, home: Home, watch: Watch) -> None:
        if home.limits.value is None:
            pytest.skip("has no limit")
        value = CANARY + "ü" * (home.limits.value // 2)
        self.kept_or_refused(home, watch, value, fits=False)

    @case("binary: bytes that are no text, and NUL")
    @pytest.mark.parametrize("value", [f"{CANARY}\udcff\udc00", f"{CANARY}\x00"], ids=ascii)
    def test_binary_is_kept_or_refused(self, home: Home, watch: Watch, value: str) -> None:
        self.kept_or_refused(home, watch, value, fits=False)

    @case("a field of a JSON secret")
    def test_a_field_of_a_json_secret_is_read_by_its_reference(self, home: Home) -> None:
        backend = opened(home, Capability.WRITE)
        if home.keys_are_fields:
            pytest.skip("its keys are fields themselves")
        ref = backend.locate("NAME")
        backend.write(ref, Secret('{"user": "ada", "port": 5432, "tls": true}'), token="t1")
        fields = {name: Reference(ref.backend, ref.name, name) for name in ("user", "port", "none")}
        assert backend.read([ref, *fields.values()]) == {
            ref: Secret('{"user": "ada", "port": 5432, "tls": true}'),
            fields["user"]: Secret("ada"),
            fields["port"]: Secret("5432"),
        }

    @case("a field of what is no JSON object")
    @pytest.mark.parametrize("text", [CANARY, f'["{CANARY}"]', f'{{"{CANARY}": 1', f'"{CANARY}"'])
    def test_a_field_of_a_text_is_an_error_that_does_not_quote_it(
        self, home: Home, watch: Watch, text: str
    ) -> None:
        backend = opened(home, Capability.WRITE)
        if home.keys_are_fields:
            pytest.skip("its keys are fields themselves")
        ref = backend.locate("NAME")
        backend.write(ref, Secret(text), token="t1")
        with watch.refusal():
            backend.read([Reference(ref.backend, ref.name, "field")])

    @case("names of a shell, also as references")
    def test_a_key_of_a_shell_can_be_located_and_written_as_a_reference(self, home: Home) -> None:
        backend = home.open()
        for key in ("API_KEY", "A", "x" * 64, "DB1_PASSWORD"):
            ref = backend.locate(key)
            assert parse_reference(str(ref), [ref.backend]) == ref
        assert len({backend.locate(key) for key in ("A", "B", "AB")}) == 3

    @case("names that no reference can have")
    @pytest.mark.parametrize("key", ["", "two words", "a#b", "a@b", "line\nbreak", "nul\x00"])
    def test_a_key_that_no_reference_can_name_is_refused(self, home: Home, key: str) -> None:
        with pytest.raises(NameNotAllowed):
            home.open().locate(key)

    @case("the longest name, and one character more")
    def test_the_longest_name_is_kept_and_a_longer_one_refused(self, home: Home) -> None:
        backend = opened(home, Capability.WRITE)
        if home.limits.key is None:
            pytest.skip("has no limit")
        ref = backend.locate("K" * home.limits.key)
        backend.write(ref, Secret("1"), token="t1")
        assert home.open().read([ref]) == {ref: Secret("1")}
        with pytest.raises(NameNotAllowed):
            backend.locate("K" * (home.limits.key + 1))

    @case("two names that the service writes alike")
    @pytest.mark.parametrize(("one", "two"), [("A_B", "A-B"), ("a_b", "A_B"), ("A.B", "A_B")])
    def test_two_keys_never_share_a_value(self, home: Home, one: str, two: str) -> None:
        backend = opened(home, Capability.WRITE)
        try:
            first, second = backend.locate(one), backend.locate(two)
        except NameNotAllowed:
            return
        backend.write(first, Secret("1"), token="t1")
        try:
            backend.write(second, Secret("2"), token="t2")
        except NameNotAllowed:
            assert home.open().read([first]) == {first: Secret("1")}
        else:
            assert home.open().read([first, second]) == {first: Secret("1"), second: Secret("2")}

    @case("absent")
    def test_an_empty_backend_answers_that_nothing_is_there(self, home: Home) -> None:
        backend = opened(home)
        ref = backend.locate("NAME")
        assert dict(backend.read([ref])) == {}
        assert dict(backend.read([])) == {}
        if Capability.DELETE in backend.capabilities:
            assert backend.delete(ref) is False
        if Capability.LIST in backend.capabilities:
            assert list(backend.list()) == []

    @case("a batch with absent names in it")
    def test_a_batch_leaves_out_what_is_absent(self, home: Home) -> None:
        backend = opened(home, Capability.WRITE)
        refs = [backend.locate(f"NAME_{number}") for number in range(30)]
        written = {ref: Secret(str(number)) for number, ref in enumerate(refs[::2])}
        if isinstance(backend, Batch):
            backend.write_all(written, token="t1")
        else:
            for ref, value in written.items():
                backend.write(ref, value, token="t1")
        assert dict(backend.read([*refs, refs[0]])) == written

    @case("500 keys")
    def test_many_keys_are_written_read_and_listed(self, home: Home) -> None:
        backend = opened(home, Capability.WRITE)
        refs = [backend.locate(f"NAME_{number}") for number in range(home.many)]
        values = {ref: Secret(f"value of {ref.name}") for ref in refs}
        if isinstance(backend, Batch):
            backend.write_all(values, token="t1")
        else:
            for ref, value in values.items():
                backend.write(ref, value, token="t1")
        reader = opened(home)
        assert reader.read(refs) == values
        needs(backend, Capability.LIST)
        assert [found.name for found in reader.list()] == sorted(ref.name for ref in refs)
