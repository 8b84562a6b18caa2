"""References become values: asked once, taken as they are, all problems in one error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Barrier

import pytest

from envguard.core.backend import Capability
from envguard.core.errors import BackendError, ConfigError, EnvguardError, NotFoundError
from envguard.core.reference import Reference, parse_reference
from envguard.core.secret import Secret
from envguard.references.resolve import FILE_LIMIT, Wanted, resolve


class Held:
    """A backend that holds what it is given and counts how often it is asked."""

    capabilities = Capability.READ

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.asked: list[list[str]] = []

    def locate(self, key: str) -> Reference:
        return Reference("secret", key)

    def check(self) -> None: ...

    def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
        self.asked.append([ref.name for ref in refs])
        return {ref: Secret(self.values[ref.name]) for ref in refs if ref.name in self.values}

    def write(self, ref: Reference, value: Secret, *, token: str) -> str:
        raise NotImplementedError

    def delete(self, ref: Reference) -> bool:
        raise NotImplementedError


def wanted(folder: Path, **values: str) -> list[Wanted]:
    found = []
    for key, text in values.items():
        reference = parse_reference(text, ("vault",))
        assert reference is not None
        found.append(Wanted(key, reference, folder))
    return found


def test_values_come_in_the_order_that_they_were_asked_in(tmp_path: Path) -> None:
    held = Held({"A": "1", "B": "2"})
    asked = wanted(tmp_path, X="secret:B", Y="literal:y", Z="secret:A", V="env:HOME")
    values = resolve(asked, {"secret": held}, {"HOME": "/home/ada"})
    assert [value.reveal() for value in values] == ["2", "y", "1", "/home/ada"]


def test_each_backend_is_asked_once(tmp_path: Path) -> None:
    own, other = Held({"A": "1", "B": "2"}), Held({"C": "3"})
    asked = wanted(tmp_path, A="secret:A", C="vault:C", B="secret:B")
    resolve(asked, {"secret": own, "vault": other}, {})
    assert own.asked == [["A", "B"]]
    assert other.asked == [["C"]]


@pytest.mark.parametrize(
    "text",
    ["secret:ROOT", "env:HOME", "file:/etc/passwd", "literal:x", "{{secrets.ROOT}}", "${HOME}"],
)
def test_what_a_reference_gives_is_not_resolved_again(tmp_path: Path, text: str) -> None:
    (tmp_path / "value").write_text(text)
    asked = wanted(tmp_path, A="secret:A", B="env:B", C="file:value")
    values = resolve(asked, {"secret": Held({"A": text})}, {"B": text, "HOME": "/"})
    assert [value.reveal() for value in values] == [text] * 3


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    asked = wanted(tmp_path, A="secret:NOPE", B="env:NOPE", C="file:nope", D="literal:fine")
    with pytest.raises(NotFoundError) as raised:
        resolve(asked, {"secret": Held({})}, {})
    for key in ("A: ", "B: ", "C: "):
        assert key in raised.value.what
    assert "D: " not in raised.value.what


def test_an_empty_value_is_a_value(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    asked = wanted(tmp_path, A="secret:A", B="env:B", C="file:empty", D="literal:")
    values = resolve(asked, {"secret": Held({"A": ""})}, {"B": ""})
    assert [value.reveal() for value in values] == ["", "", "", ""]


@pytest.mark.parametrize("name", ["ENVGUARD_KEY", "ENVGUARD_PROFILE", "ENVGUARD_"])
def test_our_own_settings_are_not_handed_out(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError) as raised:
        resolve(wanted(tmp_path, A=f"env:{name}"), {}, {name: "egk1_hidden"})
    assert "egk1_hidden" not in raised.value.what + raised.value.hint


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"v", "v"),
        (b"v\n", "v"),
        (b"v\n\n", "v\n"),
        (b"v\r\n", "v"),
        (b"v\r", "v\r"),
        (b"\n", ""),
        ("zwölf\n".encode(), "zwölf"),
    ],
)
def test_one_final_newline_of_a_file_is_dropped(tmp_path: Path, content: bytes, value: str) -> None:
    (tmp_path / "value").write_bytes(content)
    (found,) = resolve(wanted(tmp_path, A="file:value"), {}, {})
    assert found.reveal() == value


def test_a_file_may_be_as_long_as_the_limit_and_no_longer(tmp_path: Path) -> None:
    (tmp_path / "value").write_bytes(b"x" * FILE_LIMIT)
    (found,) = resolve(wanted(tmp_path, A="file:value"), {}, {})
    assert len(found.reveal()) == FILE_LIMIT
    (tmp_path / "value").write_bytes(b"x" * (FILE_LIMIT + 1))
    with pytest.raises(ConfigError, match="longer than"):
        resolve(wanted(tmp_path, A="file:value"), {}, {})


def test_a_file_that_is_no_text_is_an_error_that_does_not_show_it(tmp_path: Path) -> None:
    (tmp_path / "value").write_bytes(b"hunter2\xff")
    with pytest.raises(ConfigError) as raised:
        resolve(wanted(tmp_path, A="file:value"), {}, {})
    assert "hunter2" not in raised.value.what + raised.value.hint


@pytest.mark.parametrize("text", ["env:NOPE", "file:./dev.db"])
def test_the_error_says_how_to_write_the_text_itself(tmp_path: Path, text: str) -> None:
    with pytest.raises(EnvguardError) as raised:
        resolve(wanted(tmp_path, DATABASE_URL=text), {}, {})
    assert f"literal:{text}" in raised.value.hint


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        resolve(wanted(tmp_path, A="file:."), {}, {})


def test_a_failing_backend_is_no_absence(tmp_path: Path) -> None:
    class Failing(Held):
        def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
            raise BackendError(f"it is gone, with {len(refs)}", "wait")

    with pytest.raises(BackendError, match="it is gone"):
        resolve(wanted(tmp_path, A="secret:A"), {"secret": Failing({})}, {})


def test_several_backends_are_asked_at_the_same_time(tmp_path: Path) -> None:
    both = Barrier(2)

    class Waiting(Held):
        def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
            both.wait(timeout=10)  # fails where the other one is asked afterwards
            return super().read(refs)

    asked = wanted(tmp_path, A="secret:A", C="vault:C")
    backends = {"secret": Waiting({"A": "1"}), "vault": Waiting({"C": "3"})}
    assert [value.reveal() for value in resolve(asked, backends, {})] == ["1", "3"]


def test_what_fails_in_one_backend_is_told_with_what_the_other_lacks(tmp_path: Path) -> None:
    class Failing(Held):
        def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
            raise BackendError(f"it is gone, with {len(refs)}", "wait")

    class Broken(Held):
        def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
            raise ZeroDivisionError(f"{refs}")

    asked = wanted(tmp_path, A="secret:A", C="vault:C")
    with pytest.raises(BackendError, match="it is gone, with 1; C: there is no vault:C"):
        resolve(asked, {"secret": Failing({}), "vault": Held({})}, {})
    with pytest.raises(ZeroDivisionError):
        resolve(asked, {"secret": Broken({}), "vault": Held({})}, {})
