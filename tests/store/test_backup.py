"""Backups, and what is made of them."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from envguard.core.actor import Actor
from envguard.core.backend import About
from envguard.core.errors import BackendError, UsageError
from envguard.core.secret import Secret
from envguard.store import backup, passphrase, restore
from envguard.store.keys import KeySource
from envguard.store.store import Store

Opener = Callable[..., Store]
PHRASE = Secret("correct horse")
ACTOR = Actor("user:ada", "host:/")


@pytest.fixture
def filled(open_store: Opener) -> Store:
    """A store with two namespaces."""
    with open_store("bank") as bank:
        bank.write("A", Secret("of the bank"))
    store = open_store("shop")
    store.write("A", Secret("1"), about=About(description="text"))
    store.write("A", Secret("2 \udcff"))
    store.write("GONE", Secret("3"))
    store.delete("GONE")
    return store


def state(path: Path, key: KeySource) -> object:
    found: list[object] = []
    for namespace in ("shop", "bank"):
        with Store.open(path, key=key, namespace=namespace) as store:
            found += [store.list(), store.fetch([("A", None), ("A", 1)]), store.versions("A")]
    return found


def test_a_backup_opens_on_a_machine_that_has_nothing(
    filled: Store, path: Path, key: KeySource, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    backup.save(filled, file, PHRASE)
    assert file.stat().st_mode & 0o777 == 0o600
    for text in (b"of the bank", b"GONE", b"text"):
        assert text not in file.read_bytes()
    there, its_key = tmp_path / "there" / "store.db", KeySource(tmp_path / "there" / "k")
    assert restore.restore(there, its_key, backup.load(file, PHRASE), ACTOR) is None
    assert state(there, KeySource(its_key.file)) == state(path, key)
    with Store.open(there, key=its_key, namespace="shop") as store:
        actions = [line.action for _, line, _ in store.trail()]
        store.check()
    assert "secret.delete" in actions
    assert "store.restore" in actions


def test_a_file_that_is_no_backup_is_not_replaced(filled: Store, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\n")
    with pytest.raises(UsageError, match="is no backup"):
        backup.save(filled, file, PHRASE)
    assert file.read_text() == "A=1\n"
    backup.save(filled, tmp_path / "made", PHRASE)
    backup.save(filled, tmp_path / "made", PHRASE)


def test_a_restore_takes_back_what_came_after_and_keeps_the_trail(
    filled: Store, path: Path, key: KeySource, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    before = state(path, key)
    backup.save(filled, file, PHRASE)
    filled.write("A", Secret("after"))
    filled.write("NEW", Secret("after"))
    head = filled.trail()[-1]
    filled.close()
    restore.restore(path, key, backup.load(file, PHRASE), ACTOR)
    assert state(path, KeySource(key.file)) == before
    with Store.open(path, key=key, namespace="shop") as store:
        lines = store.trail()
    assert lines[head[0]][1].action == "store.restore"
    assert [line for _, line, _ in lines[: head[0]]][-1] == head[1]


def test_another_passphrase_and_every_changed_byte_is_an_error(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passphrase, "LOG2_N", 15)
    file = tmp_path / "backup"
    backup.save(filled, file, PHRASE)
    whole = file.read_bytes()
    with pytest.raises(BackendError, match="does not open"):
        backup.load(file, Secret("other"))
    with pytest.raises(UsageError, match="passphrase"):
        backup.load(file)
    head = whole.index(b"$") + 60
    for at in [*range(0, head, 7), head + 100, len(whole) // 2, len(whole) - 20]:
        changed = bytearray(whole)
        changed[at] ^= 1
        file.write_bytes(changed)
        with pytest.raises(BackendError):
            backup.load(file, PHRASE)
    for size in (0, 10, head, len(whole) // 2):
        file.write_bytes(whole[:size])
        with pytest.raises(BackendError):
            backup.load(file, PHRASE)


def test_a_damaged_store_is_moved_aside(
    filled: Store, path: Path, key: KeySource, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    before = state(path, key)
    backup.save(filled, file, PHRASE)
    filled.close()
    path.write_bytes(b"x" * 5000)
    aside = restore.restore(path, key, backup.load(file, PHRASE), ACTOR)
    assert aside is not None
    assert aside.read_bytes() == b"x" * 5000
    assert state(path, KeySource(key.file)) == before


def test_with_a_lost_key_the_old_store_is_kept_and_a_new_one_made(
    filled: Store, path: Path, key: KeySource, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    before = state(path, key)
    backup.save(filled, file, PHRASE)
    filled.close()
    key.file.unlink()
    aside = restore.restore(path, KeySource(key.file), backup.load(file, PHRASE), ACTOR)
    assert aside is not None
    assert aside.exists()
    assert state(path, KeySource(key.file)) == before


def test_an_older_file_is_an_error_that_only_restore_accepts(
    filled: Store, path: Path, key: KeySource, tmp_path: Path
) -> None:
    filled.close()
    copy = tmp_path / "copy"
    shutil.copy(path, copy)
    with Store.open(path, key=key, namespace="shop") as store:
        store.write("A", Secret("newer"))
    shutil.copy(copy, path)
    for _ in range(2):
        with pytest.raises(BackendError, match="older than it was") as caught:
            Store.open(path, key=key, namespace="shop")
        assert "restore --as-it-is" in caught.value.hint
    restore.accept(path, key, ACTOR)
    with Store.open(path, key=key, namespace="shop") as store:
        assert store.fetch([("A", None)])["A", None] == Secret("2 \udcff")
        assert store.write("A", Secret("3")) == 3
    shutil.copy(copy, path)
    with pytest.raises(BackendError, match="older than it was"):
        Store.open(path, key=key, namespace="shop")


def test_a_backup_for_holders_of_age_keys(filled: Store, tmp_path: Path) -> None:
    pyrage = pytest.importorskip("pyrage")
    mine, theirs = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    file = tmp_path / "backup"
    made = backup.save(filled, file, None, [str(mine.to_public()), str(theirs.to_public())])
    assert backup.sealing(file) == "age"
    for identity in (mine, theirs):
        assert backup.load(file, identities=[str(identity)]).secrets == made.secrets
    other = pyrage.x25519.Identity.generate()
    with pytest.raises(BackendError, match="does not open"):
        backup.load(file, identities=[str(other)])
    with pytest.raises(UsageError, match="no public key"):
        backup.save(filled, file, None, ["age1nothing"])
    assert backup.load(file, identities=[str(mine)]).secrets == made.secrets


def test_a_disk_that_is_busy_is_not_taken_for_damage(
    filled: Store, path: Path, key: KeySource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "backup"
    backup.save(filled, file, PHRASE)
    loaded = backup.load(file, PHRASE)
    path.parent.chmod(0o700)
    monkeypatch.setattr("envguard.store.database.OPTIONS", "mode=ro")
    with pytest.raises(BackendError, match="read-only"):
        restore.restore(path, key, loaded, ACTOR)
    assert [f.name for f in path.parent.iterdir() if "damaged" in f.name] == []


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM head",
        "UPDATE trail SET body = x'00'",
        "CREATE TRIGGER t BEFORE INSERT ON value BEGIN SELECT RAISE(IGNORE); END",
        "DROP TABLE value",
    ],
)
def test_a_store_that_opens_and_is_damaged_inside_is_restored(
    filled: Store, path: Path, key: KeySource, tmp_path: Path, damage: str
) -> None:
    file = tmp_path / "backup"
    before = state(path, key)
    backup.save(filled, file, PHRASE)
    filled.close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(damage)
    restore.restore(path, key, backup.load(file, PHRASE), ACTOR)
    assert state(path, KeySource(key.file)) == before
    with Store.open(path, key=key, namespace="shop") as store:
        store.check()
        store.write("A", Secret("3"))


def test_the_old_file_of_a_store_that_was_replaced_is_an_older_one(
    filled: Store, path: Path, key: KeySource, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    backup.save(filled, file, PHRASE)
    filled.close()
    copy = path.read_bytes()
    for lost in (False, True):
        path.write_bytes(b"x" * 5000)
        if lost:
            path.unlink()
        restore.restore(path, KeySource(key.file), backup.load(file, PHRASE), ACTOR)
        with Store.open(path, key=KeySource(key.file), namespace="shop") as store:
            store.check()
        path.write_bytes(copy)
        with pytest.raises(BackendError, match="older than it was"):
            Store.open(path, key=KeySource(key.file), namespace="shop")


def test_a_restore_keeps_the_heads_of_the_trail_true(
    filled: Store, path: Path, key: KeySource, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    backup.save(filled, file, PHRASE)
    head = filled.trail()[-1]
    filled.close()
    restore.restore(path, key, backup.load(file, PHRASE), ACTOR)
    with Store.open(path, key=key, namespace="shop") as store:
        assert store.trail()[head[0] - 1] == head


def test_the_log_of_a_damaged_store_is_not_taken_for_the_new_one_s(
    filled: Store, path: Path, key: KeySource, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    before = state(path, key)
    backup.save(filled, file, PHRASE)
    log = path.with_name("store.db-wal")
    kept = log.read_bytes()
    assert kept
    filled.close()
    path.write_bytes(b"x" * 5000)
    log.write_bytes(kept)
    aside = restore.restore(path, key, backup.load(file, PHRASE), ACTOR)
    assert aside is not None
    assert not log.exists()  # what was in it has gone into the old file, or with it
    assert state(path, KeySource(key.file)) == before


def test_where_only_the_log_is_left_a_backup_helps(
    filled: Store, path: Path, key: KeySource, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    before = state(path, key)
    backup.save(filled, file, PHRASE)
    filled.close()
    path.unlink()
    path.with_name("store.db-wal").write_bytes(b"pages")
    restore.restore(path, key, backup.load(file, PHRASE), ACTOR)
    assert state(path, KeySource(key.file)) == before


def test_an_empty_backup_cannot_be_taken_back_by_the_file_before(
    path: Path, key: KeySource, open_store: Opener, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    with open_store("shop") as store:
        backup.save(store, file, PHRASE)
        store.write("A", Secret("1"))
    copy = path.read_bytes()
    restore.restore(path, key, backup.load(file, PHRASE), ACTOR)
    path.write_bytes(copy)
    with pytest.raises(BackendError, match="older than it was"):
        Store.open(path, key=key, namespace="shop")
