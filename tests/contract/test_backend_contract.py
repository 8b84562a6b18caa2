"""What every backend does alike. A backend joins by a line in BACKENDS: a function that makes a
fresh, empty one in a folder; calling it again with the same folder gives the same content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, cast

import pytest

from envguard.backends.dotenv import DotenvBackend
from envguard.backends.env import EnvBackend
from envguard.backends.local import LocalBackend, open_local
from envguard.core.backend import Backend, Batch, Capability, Listing, Versions
from envguard.core.config import Folders, Settings
from envguard.core.errors import EnvguardError, NameNotAllowed
from envguard.core.reference import Reference, parse_reference
from envguard.core.secret import Secret


class ListingBackend(Backend, Listing, Protocol):
    """What the cases ask for: those about listing run where the capability is there."""


Maker = Callable[[Path], ListingBackend]


def local(folder: Path) -> LocalBackend:
    folders = Folders(folder / "config", folder / "data", folder / "cache")
    return open_local("local:", Settings(folders, None, None, {}), namespace="shop")


def local_file(folder: Path) -> LocalBackend:
    folders = Folders(folder / "config", folder / "data", folder / "cache")
    url = f"local://{folder}/own/store.db"
    return open_local(url, Settings(folders, None, None, {}), namespace="")


def age(folder: Path) -> ListingBackend:
    pytest.importorskip("pyrage", reason="the extra `age` is not installed")
    from tests.backends.members import founder

    return founder(folder).backend


def keyring(folder: Path) -> ListingBackend:
    pytest.importorskip("keyring", reason="the extra `keyring` is not installed")
    from tests.backends.keyrings import in_memory

    return in_memory(folder)


def env(folder: Path) -> ListingBackend:
    folders = Folders(folder / "config", folder / "data", folder / "cache")
    return cast(ListingBackend, EnvBackend(Settings(folders, None, None, {"PATH": "/bin"})))


def dotenv(folder: Path) -> ListingBackend:
    return DotenvBackend(folder / ".env")


BACKENDS: dict[str, Maker] = {
    "local": local,
    "local-file": local_file,
    "age": age,
    "keyring": keyring,
    "env": env,
    "dotenv": dotenv,
}


@pytest.fixture(params=list(BACKENDS))
def make(request: pytest.FixtureRequest) -> Iterator[Maker]:
    if request.param != "keyring":
        yield BACKENDS[request.param]
        return
    library = pytest.importorskip("keyring", reason="the extra `keyring` is not installed")
    before = library.get_keyring()
    yield BACKENDS[request.param]
    library.set_keyring(before)


@pytest.fixture
def backend(make: Maker, tmp_path: Path) -> ListingBackend:
    return make(tmp_path)


def needs(backend: Backend, capability: Capability) -> None:
    if capability not in backend.capabilities:
        pytest.skip(f"has no {capability}")


def test_every_backend_reads(backend: Backend) -> None:
    assert Capability.READ in backend.capabilities


def test_an_empty_backend_answers_that_nothing_is_there(backend: ListingBackend) -> None:
    ref = backend.locate("NAME")
    assert dict(backend.read([ref])) == {}
    assert dict(backend.read([])) == {}
    if Capability.DELETE in backend.capabilities:
        assert backend.delete(ref) is False
    if Capability.LIST in backend.capabilities:
        assert list(backend.list()) == []


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "",
        "two\nlines\n",
        "carriage\r\nreturn",
        "ünïcödé 🔑",
        " blanks around ",
        "secret:OTHER",
        "${OTHER}",
        "{{secrets.OTHER}}",
        '{"a": 1}',
        "quote\"'`\\",
        "x" * 4000,
    ],
)
def test_a_value_comes_back_as_it_was(make: Maker, tmp_path: Path, value: str) -> None:
    writer = make(tmp_path)
    needs(writer, Capability.WRITE)
    ref = writer.locate("NAME")
    assert writer.write(ref, Secret(value), token="t1")
    for reader in (writer, make(tmp_path)):
        assert reader.read([ref])[ref].reveal() == value
        reader.check()


def test_a_batch_leaves_out_what_is_absent(backend: ListingBackend) -> None:
    needs(backend, Capability.WRITE)
    refs = [backend.locate(f"NAME_{number}") for number in range(30)]
    for number, ref in enumerate(refs[::2]):
        backend.write(ref, Secret(str(number)), token="t1")
    found = backend.read([*refs, refs[0]])
    assert dict(found) == {ref: Secret(str(number)) for number, ref in enumerate(refs[::2])}


def test_a_write_replaces_and_has_a_version_of_its_own(backend: ListingBackend) -> None:
    needs(backend, Capability.WRITE)
    ref = backend.locate("NAME")
    first = backend.write(ref, Secret("one"), token="t1")
    second = backend.write(ref, Secret("two"), token="t2")
    assert first != second
    assert backend.read([ref]) == {ref: Secret("two")}


def test_the_same_token_again_writes_nothing(make: Maker, tmp_path: Path) -> None:
    backend = make(tmp_path)
    needs(backend, Capability.WRITE)
    ref = backend.locate("NAME")
    first = backend.write(ref, Secret("one"), token="t1")
    assert make(tmp_path).write(ref, Secret("one"), token="t1") == first
    second = backend.write(ref, Secret("two"), token="t2")
    assert make(tmp_path).write(ref, Secret("one"), token="t1") == first
    assert make(tmp_path).write(ref, Secret("two"), token="t2") == second
    assert backend.read([ref]) == {ref: Secret("two")}


def test_a_token_does_not_carry_another_value(backend: ListingBackend) -> None:
    needs(backend, Capability.WRITE)
    ref = backend.locate("NAME")
    backend.write(ref, Secret("first-value"), token="t1")
    with pytest.raises(EnvguardError) as caught:
        backend.write(ref, Secret("second-value"), token="t1")
    assert "-value" not in caught.value.what + caught.value.hint
    assert backend.read([ref]) == {ref: Secret("first-value")}


def test_one_token_serves_many_names(backend: ListingBackend) -> None:
    needs(backend, Capability.WRITE)
    refs = [backend.locate(name) for name in ("ONE", "TWO")]
    for ref in refs:
        backend.write(ref, Secret(ref.name), token="t1")
    assert backend.read(refs) == {ref: Secret(ref.name) for ref in refs}


def test_what_was_deleted_is_absent_and_can_be_written_again(backend: ListingBackend) -> None:
    needs(backend, Capability.WRITE | Capability.DELETE)
    ref, other = backend.locate("NAME"), backend.locate("OTHER")
    backend.write(ref, Secret("one"), token="t1")
    backend.write(other, Secret("two"), token="t1")
    assert backend.delete(ref) is True
    assert backend.delete(ref) is False
    assert backend.read([ref, other]) == {other: Secret("two")}
    backend.write(ref, Secret("one"), token="t2")
    assert backend.read([ref]) == {ref: Secret("one")}


def test_a_listing_has_the_names_sorted_and_no_values(backend: ListingBackend) -> None:
    needs(backend, Capability.WRITE | Capability.LIST)
    for name in ("B", "A", "C"):
        backend.write(backend.locate(name), Secret(f"canary-{name}"), token="t1")
    listed = backend.list()
    assert [found.name for found in listed] == [backend.locate(name).name for name in "ABC"]
    assert "canary" not in repr(listed)


def test_a_version_is_read_by_its_reference(backend: ListingBackend) -> None:
    needs(backend, Capability.WRITE | Capability.VERSIONS)
    ref = backend.locate("NAME")
    versions = [backend.write(ref, Secret(text), token=text) for text in ("one", "two")]
    refs = [Reference(ref.backend, ref.name, version=version) for version in versions]
    assert backend.read(refs) == {refs[0]: Secret("one"), refs[1]: Secret("two")}


def test_a_field_of_a_json_secret_is_read_by_its_reference(backend: ListingBackend) -> None:
    needs(backend, Capability.WRITE)
    ref = backend.locate("NAME")
    backend.write(ref, Secret('{"user": "ada", "port": 5432, "tls": true}'), token="t1")
    fields = {name: Reference(ref.backend, ref.name, name) for name in ("user", "port", "none")}
    assert backend.read([ref, *fields.values()]) == {
        ref: Secret('{"user": "ada", "port": 5432, "tls": true}'),
        fields["user"]: Secret("ada"),
        fields["port"]: Secret("5432"),
    }


def test_a_field_of_a_text_is_an_error_that_does_not_quote_it(backend: ListingBackend) -> None:
    needs(backend, Capability.WRITE)
    ref = backend.locate("NAME")
    for number, text in enumerate(("canary", '["canary"]', '{"canary": 1', '"canary"')):
        backend.write(ref, Secret(text), token=str(number))
        with pytest.raises(EnvguardError) as caught:
            backend.read([Reference(ref.backend, ref.name, "field")])
        assert "canary" not in caught.value.what + caught.value.hint
        assert caught.value.__context__ is None


def test_a_key_of_a_shell_can_be_located_and_written_as_a_reference(backend: Backend) -> None:
    for key in ("API_KEY", "A", "x" * 64, "DB1_PASSWORD"):
        ref = backend.locate(key)
        assert parse_reference(str(ref), [ref.backend]) == ref
    assert len({backend.locate(key) for key in ("A", "B", "AB")}) == 3


@pytest.mark.parametrize("key", ["", "two words", "a#b", "a@b", "line\nbreak", "nul\x00"])
def test_a_key_that_no_reference_can_name_is_refused(backend: Backend, key: str) -> None:
    with pytest.raises(NameNotAllowed):
        backend.locate(key)


def test_versions_are_told_without_values(backend: ListingBackend) -> None:
    needs(backend, Capability.WRITE | Capability.VERSIONS)
    assert isinstance(backend, Versions)
    ref, other = backend.locate("NAME"), backend.locate("OTHER")
    assert dict(backend.current([ref, other])) == {}
    assert list(backend.versions(ref)) == []
    written = [backend.write(ref, Secret(f"canary-{n}"), token=str(n)) for n in range(3)]
    assert dict(backend.current([ref, other])) == {ref: written[-1]}
    found = backend.versions(ref)
    assert [version.id for version in found] == written
    assert "canary" not in repr(found)
    assert all(version.created.endswith("Z") for version in found)


def test_what_was_deleted_has_no_current_version(backend: ListingBackend) -> None:
    needs(backend, Capability.WRITE | Capability.VERSIONS | Capability.DELETE)
    assert isinstance(backend, Versions)
    ref = backend.locate("NAME")
    first = backend.write(ref, Secret("one"), token="t1")
    backend.delete(ref)
    assert dict(backend.current([ref])) == {}
    assert list(backend.versions(ref)) == []
    second = backend.write(ref, Secret("one"), token="t2")
    assert first != second
    assert dict(backend.current([ref])) == {ref: second}


def test_a_batch_writes_as_one_by_one_does(backend: ListingBackend) -> None:
    if not isinstance(backend, Batch):
        pytest.skip("writes one by one")
    refs = [backend.locate(f"NAME_{number}") for number in range(5)]
    values = {ref: Secret(ref.name) for ref in refs}
    versions = backend.write_all(values, token="t1")
    assert backend.read(refs) == values
    assert backend.write_all(values, token="t1") == versions
    assert backend.write(refs[0], values[refs[0]], token="t1") == versions[refs[0]]
    with pytest.raises(EnvguardError):
        backend.write_all({**values, refs[0]: Secret("other")}, token="t1")
    assert backend.read(refs) == values
    backend.delete_all([*refs[:4], backend.locate("NOT_THERE")])
    assert backend.read(refs) == {refs[4]: values[refs[4]]}
    backend.delete_all([])
    assert backend.write_all({}, token="t2") == {}
