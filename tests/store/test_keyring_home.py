"""The OS keyring as the home of a key: by keyring's own seam, with a keyring in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest

from envguard.core.errors import BackendError
from envguard.core.secret import Secret
from envguard.store import rotation
from envguard.store.keys import KeySource
from envguard.store.store import Store
from tests.backends.keyrings import InMemory


@pytest.fixture
def chain() -> Iterator[InMemory]:
    """A keyring of the test's own."""
    before = keyring.get_keyring()
    own = InMemory()
    keyring.set_keyring(own)
    yield own
    keyring.set_keyring(before)


def test_the_key_is_in_the_keyring_and_nowhere_else(
    chain: InMemory, path: Path, key: KeySource, open_store: Callable[..., Store]
) -> None:
    store = open_store("shop")
    store.write("A", Secret("1"))
    old = key.find()
    new = rotation.rotate(store, "keyring")
    assert chain.held == {("envguard", new.id): new.text().reveal()}
    assert rotation.forget(store) == [old.id if old else ""]
    assert not key.file.exists()
    fresh = KeySource(key.file)
    with Store.open(path, key=fresh, namespace="shop") as opened:
        assert opened.read(["A"]) == {"A": Secret("1")}
    assert not key.file.exists()


def test_a_locked_keyring_is_an_error_and_makes_no_second_key(
    chain: InMemory, path: Path, key: KeySource, open_store: Callable[..., Store]
) -> None:
    rotation.rotate(open_store("shop"), "keyring")
    held = dict(chain.held)
    chain.locked = True
    with pytest.raises(BackendError, match="locked") as caught:
        Store.open(path, key=KeySource(key.file), namespace="shop", create=True)
    assert "ENVGUARD_KEY" in caught.value.hint
    chain.locked = False
    assert chain.held == held
    chain.held.clear()
    with pytest.raises(BackendError, match="has no key"):
        Store.open(path, key=KeySource(key.file), namespace="shop", create=True)
    assert chain.held == {}


def test_retired_keys_leave_the_keyring_when_they_are_forgotten(
    chain: InMemory, open_store: Callable[..., Store]
) -> None:
    store = open_store("shop")
    first = rotation.rotate(store, "keyring")
    second = rotation.rotate(store)
    assert {name for _, name in chain.held} == {first.id, second.id}
    rotation.forget(store)
    assert {name for _, name in chain.held} == {second.id}
    store.check()
