"""A new root key: nothing changes but the key."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from envguard.core.backend import About
from envguard.core.errors import BackendError
from envguard.core.secret import Secret
from envguard.store import rotation
from envguard.store.keys import KeySource, RootKey, beside, read_key_file
from envguard.store.store import Store

Opener = Callable[..., Store]


@pytest.fixture
def filled(open_store: Opener) -> Store:
    """A store with two namespaces."""
    with open_store("bank") as bank:
        bank.write("A", Secret("of the bank"))
    store = open_store("shop")
    store.write("A", Secret("1"), token="t", about=About(description="text", tags=("x", "y")))
    store.write("A", Secret("2"), about=About(expires_at="2999-01-01T00:00:00Z"))
    store.write("GONE", Secret("3"))
    store.delete("GONE")
    return store


def state(path: Path, key: KeySource) -> object:
    """All that a store says, but the trail."""
    found: list[object] = []
    for namespace in ("shop", "bank", "never"):
        with Store.open(path, key=key, namespace=namespace) as store:
            wanted = [("A", None), ("A", 1), ("A", 2), ("GONE", None)]
            found += [store.list(), store.fetch(wanted), store.versions("A")]
    return found


def test_everything_is_as_it_was_under_the_new_key(
    filled: Store, path: Path, key: KeySource
) -> None:
    before, head = state(path, key), filled.trail()[-1]
    old = read_key_file(key.file)
    new = rotation.rotate(filled)
    assert new != old
    assert read_key_file(key.file) == new
    assert read_key_file(beside(key.file, old.id)) == old
    assert filled.retired() == [old]
    assert state(path, KeySource(key.file)) == before
    # Heads of the trail stay true.
    lines = filled.trail()
    assert lines[head[0] - 1] == head
    assert "key.rotate" in {line.action for _, line, _ in lines}
    # A token is the same token.
    assert filled.write("A", Secret("1"), token="t") == 1
    filled.check()
    with pytest.raises(BackendError, match="does not open"):
        Store.open(path, key=KeySource(key.file, old.text()), namespace="shop")


def test_a_store_that_is_open_goes_on_under_the_new_key(
    filled: Store, path: Path, key: KeySource
) -> None:
    with Store.open(path, key=KeySource(key.file), namespace="shop") as other:
        rotation.rotate(filled)
        assert other.read(["A"]) == {"A": Secret("2")}
        assert other.write("A", Secret("3")) == 3
    assert filled.read(["A"]) == {"A": Secret("3")}


def test_earlier_keys_are_kept_until_they_are_forgotten(filled: Store, key: KeySource) -> None:
    keys = [read_key_file(key.file)]
    keys += [rotation.rotate(filled) for _ in range(3)]
    assert filled.retired() == keys[:-1]
    assert rotation.forget(filled) == [k.id for k in keys[:-1]]
    assert filled.retired() == []
    assert {file.name for file in key.file.parent.iterdir()} == {"store.key", "store.seen"}
    filled.check()


@pytest.mark.parametrize("moment", ["keep_key_file", "replace", "settle"])
def test_interrupted_anywhere_the_store_opens_and_can_be_rotated(
    filled: Store, path: Path, key: KeySource, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    before = state(path, key)
    place = rotation.content if moment == "replace" else rotation

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(place, moment, fail)
        with pytest.raises(KeyboardInterrupt):
            rotation.rotate(filled)
    assert state(path, KeySource(key.file)) == before
    rotation.rotate(filled)
    assert state(path, KeySource(key.file)) == before


def test_a_passphrase_opens_the_store_and_nothing_else_does(
    filled: Store, path: Path, key: KeySource
) -> None:
    before = state(path, key)
    root = rotation.rotate(filled, "passphrase", Secret("correct horse"))
    assert filled.home == "passphrase"
    given = KeySource(key.file, Secret("correct horse"))
    assert state(path, given) == before
    asked: list[str] = []

    def ask(prompt: str) -> Secret:
        asked.append(prompt)
        return Secret("correct horse")

    with Store.open(path, key=KeySource(key.file, ask=ask), namespace="shop") as store:
        store.read(["A"])
        store.write("B", Secret("1"))
    assert len(asked) == 1
    assert str(path) in asked[0]
    with Store.open(path, key=KeySource(key.file, root.text()), namespace="shop") as store:
        assert store.read(["B"]) == {"B": Secret("1")}
    for wrong, message in [
        (KeySource(key.file, Secret("wrong")), "passphrase does not open"),
        (KeySource(key.file, RootKey.new().text()), "key does not open"),
        (KeySource(key.file), "opens with a passphrase"),
    ]:
        with pytest.raises(BackendError, match=message) as caught:
            Store.open(path, key=wrong, namespace="shop")
        assert "correct horse" not in str(caught.value)


def test_a_key_file_that_is_no_home_any_more_goes_with_the_retired_keys(
    filled: Store, key: KeySource
) -> None:
    rotation.rotate(filled, "passphrase", Secret("p"))
    assert key.file.exists()
    rotation.forget(filled)
    assert [file.name for file in key.file.parent.iterdir()] == ["store.seen"]
    filled.check()


def test_the_home_can_change_back(filled: Store, path: Path, key: KeySource) -> None:
    before = state(path, key)
    rotation.rotate(filled, "passphrase", Secret("p"))
    new = rotation.rotate(filled, "file")
    assert read_key_file(key.file) == new
    assert state(path, KeySource(key.file)) == before


def test_a_passphrase_for_a_store_whose_key_is_in_a_file_is_no_key(
    filled: Store, path: Path, key: KeySource
) -> None:
    with pytest.raises(BackendError, match="not kept under a passphrase"):
        Store.open(path, key=KeySource(key.file, Secret("a phrase")), namespace="shop")


def test_another_key_under_the_new_name_is_never_overwritten(
    filled: Store, path: Path, key: KeySource
) -> None:
    new = RootKey.new()
    beside(key.file, new.id).write_text("egk1_not ours\n")
    beside(key.file, new.id).chmod(0o600)
    before = state(path, key)
    with pytest.raises(BackendError):
        rotation.rotate(filled, new=new)
    assert state(path, key) == before


def test_an_older_copy_of_the_file_opens_by_the_retired_key(
    filled: Store, path: Path, key: KeySource, tmp_path: Path
) -> None:
    filled.close()
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    with Store.open(path, key=key, namespace="shop") as store:
        rotation.rotate(store)
    source = KeySource(key.file)
    source.file.with_suffix(".seen").unlink()
    with Store.open(copy, key=source, namespace="bank") as store:
        assert store.read(["A"]) == {"A": Secret("of the bank")}


def test_of_two_rotations_at_once_only_the_later_moves_key_files(
    filled: Store, path: Path, key: KeySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(path, key)
    first, second = RootKey.new(), RootKey.new()
    settle = rotation.settle

    def late(file: Path, name: str) -> None:
        raise AssertionError("the first one is not in force any more")

    locked = Store.locked

    @contextlib.contextmanager
    def interrupted(store: Store) -> Iterator[str]:
        # Between the first one's transaction and its files another process does all of it.
        monkeypatch.setattr(Store, "locked", locked)
        with Store.open(path, key=KeySource(key.file), namespace="shop") as other:
            rotation.rotate(other, new=second)
        monkeypatch.setattr(rotation, "settle", late)
        with locked(store) as name:
            yield name

    monkeypatch.setattr(Store, "locked", interrupted)
    rotation.rotate(filled, new=first)
    monkeypatch.setattr(rotation, "settle", settle)
    assert read_key_file(key.file) == second
    assert read_key_file(beside(key.file, first.id)) == first
    assert state(path, KeySource(key.file)) == before


def test_many_rotations_at_once_leave_every_key_in_its_place(
    filled: Store, path: Path, key: KeySource
) -> None:
    before = state(path, key)
    source = """
import sys
from pathlib import Path
from envguard.store import rotation
from envguard.store.keys import KeySource
from envguard.store.store import Store
with Store.open(Path(sys.argv[1]), key=KeySource(Path(sys.argv[2])), namespace="shop") as store:
    for _ in range(3):
        rotation.rotate(store)
"""
    command = [sys.executable, "-c", source, str(path), str(key.file)]
    rotations = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait() for process in rotations] == [0] * 4
    assert state(path, KeySource(key.file)) == before
    assert read_key_file(key.file) == filled.root_key
    for retired in filled.retired():
        assert read_key_file(beside(key.file, retired.id)) == retired
    assert len(filled.retired()) == 12
