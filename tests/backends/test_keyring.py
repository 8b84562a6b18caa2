"""The OS keyring as a backend, by keyring's own seam."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from envguard.core.config import Folders, Settings
from envguard.core.errors import BackendError, ConfigError, EnvguardError
from envguard.core.reference import Reference
from envguard.core.secret import Secret

keyring = pytest.importorskip("keyring", reason="the extra `keyring` is not installed")

from envguard.backends.keyring import INDEX, KeyringBackend, open_keyring  # noqa: E402
from tests.backends.keyrings import InMemory, held, in_memory  # noqa: E402

A = Reference("secret", "A")


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[KeyringBackend]:
    before = keyring.get_keyring()
    yield in_memory(tmp_path)
    keyring.set_keyring(before)


@pytest.fixture
def chain(backend: KeyringBackend, tmp_path: Path) -> InMemory:
    return held(tmp_path)


def test_each_value_is_an_entry_that_other_programs_read(
    backend: KeyringBackend, chain: InMemory
) -> None:
    backend.write(A, Secret("canary"), token="t1")
    assert chain.held["shop", "A"] == "canary"
    assert set(chain.held) == {("shop", "A"), ("shop", INDEX)}
    assert "canary" not in chain.held["shop", INDEX]
    chain.held["shop", "THEIRS"] = "2"
    assert backend.read([Reference("secret", "THEIRS")]) == {
        Reference("secret", "THEIRS"): Secret("2")
    }
    assert [row.name for row in backend.list()] == ["A"]


def test_an_entry_that_others_removed_is_not_listed_and_can_be_written_again(
    backend: KeyringBackend, chain: InMemory
) -> None:
    backend.write(A, Secret("1"), token="t1")
    del chain.held["shop", "A"]
    assert list(backend.list()) == []
    assert backend.read([A]) == {}
    backend.write(A, Secret("1"), token="t1")
    assert backend.read([A]) == {A: Secret("1")}


def test_a_locked_keyring_is_an_error_and_never_an_absence(
    backend: KeyringBackend, chain: InMemory
) -> None:
    backend.write(A, Secret("1"), token="t1")
    chain.locked = True
    for action in (
        backend.check,
        backend.list,
        lambda: backend.read([A]),
        lambda: backend.write(A, Secret("canary"), token="t2"),
        lambda: backend.delete(A),
    ):
        with pytest.raises(BackendError, match="locked") as caught:
            action()
        assert "canary" not in caught.value.what + caught.value.hint
        assert caught.value.__context__ is None


def test_a_refused_write_quotes_nothing(backend: KeyringBackend, chain: InMemory) -> None:
    chain.writes_left = 1
    with pytest.raises(BackendError, match="PasswordSetError") as caught:
        backend.write(A, Secret("canary"), token="t1")
    assert "canary" not in repr(caught.value.args)
    assert caught.value.__context__ is None
    assert backend.read([A]) == {}


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_write_that_ended_in_between_is_done_by_the_same_write_again(
    backend: KeyringBackend, chain: InMemory, left: int
) -> None:
    chain.writes_left = left
    with pytest.raises(BackendError):
        backend.write(A, Secret("1"), token="t1")
    assert backend.read([A]).get(A) == (Secret("1") if left == 2 else None)
    assert [row.name for row in backend.list()] == (["A"] if left == 2 else [])
    chain.writes_left = 10
    assert backend.write(A, Secret("1"), token="t1") == "1"
    assert backend.read([A]) == {A: Secret("1")}
    assert [row.name for row in backend.list()] == ["A"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"A": 1}', '{"A": [1, 2, 3, [4]]}'])
def test_a_damaged_index_is_an_error_that_names_it(
    backend: KeyringBackend, chain: InMemory, text: str
) -> None:
    backend.write(A, Secret("1"), token="t1")
    chain.held["shop", INDEX] = text
    if not text:
        assert list(backend.list()) == []  # an empty one is none
        return
    for action in (backend.list, lambda: backend.write(A, Secret("2"), token="t2")):
        with pytest.raises(BackendError, match=INDEX):
            action()
    assert backend.read([A]) == {A: Secret("1")}


def test_the_index_is_no_secret(backend: KeyringBackend) -> None:
    backend.write(A, Secret("1"), token="t1")
    index = Reference("secret", INDEX)
    assert backend.read([index]) == {}
    assert backend.delete(index) is False
    with pytest.raises(EnvguardError):
        backend.write(index, Secret("{}"), token="t2")


@pytest.mark.parametrize("url", ["keyring:", "keyring:envguard", "keyring:a\nb", "keyring: a"])
def test_a_service_that_is_none_or_our_own_is_refused(tmp_path: Path, url: str) -> None:
    folders = Folders(tmp_path, tmp_path, tmp_path)
    with pytest.raises(ConfigError):
        open_keyring(url, Settings(folders, None, None, {}))


def test_a_keyring_that_is_a_plain_file_is_refused(backend: KeyringBackend) -> None:
    kind = type("PlaintextKeyring", (InMemory,), {"__module__": "keyrings.alt.file"})
    keyring.set_keyring(kind())
    with pytest.raises(BackendError, match=r"keyrings\.alt"):
        backend.read([A])
