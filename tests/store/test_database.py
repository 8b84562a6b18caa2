from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from envguard.core.errors import BackendError, ExitCode
from envguard.core.secret import Secret
from envguard.store import database
from envguard.store.keys import KeySource
from envguard.store.store import Store

Opener = Callable[..., Store]


def test_the_store_and_its_log_are_private(path: Path, open_store: Opener) -> None:
    store = open_store()
    store.write("NAME", Secret("value"))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    store.close()
    assert [file.name for file in path.parent.iterdir()] == ["store.db"]


def test_the_settings_are_in_force(path: Path, open_store: Opener) -> None:
    open_store()
    connection = database.connect(path)
    wanted = {"journal_mode": b"wal", "synchronous": 2, "fullfsync": 1, "secure_delete": 1}
    wanted |= {"busy_timeout": 10_000, "checkpoint_fullfsync": 1, "trusted_schema": 0}
    found = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted}
    connection.close()
    assert found == wanted


@pytest.mark.parametrize("name", ["a b", "50%", "what?", "#1", "%41", "ü", "q?mode=ro"])
def test_a_path_may_hold_any_character(tmp_path: Path, key: KeySource, name: str) -> None:
    path = tmp_path / name / name
    with Store.open(path, key=key, namespace="shop", create=True) as store:
        store.write("NAME", Secret("value"))
    assert path.is_file()
    with Store.open(path, key=key, namespace="shop") as store:
        assert store.read(["NAME"]) == {"NAME": Secret("value")}


@pytest.mark.parametrize(
    "content", [b"", b"SQLite format 3\0", b"no database at all " * 300, bytes(8192)]
)
def test_a_file_that_is_no_store_is_an_error(
    path: Path, key: KeySource, open_store: Opener, content: bytes
) -> None:
    open_store().close()
    path.write_bytes(content)
    for create in (False, True):
        with pytest.raises(BackendError, match="is damaged") as caught:
            Store.open(path, key=key, namespace="shop", create=create)
        assert str(path) in caught.value.what
        assert caught.value.hint
        assert caught.value.exit_code is ExitCode.BACKEND
    assert path.read_bytes() == content


def test_every_shortened_store_is_damaged(path: Path, key: KeySource, open_store: Opener) -> None:
    store = open_store()
    store.write("NAME", Secret("value"))
    store.close()
    whole = path.read_bytes()
    for size in [*range(0, len(whole), 512), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with (
            pytest.raises(BackendError, match="damaged"),
            Store.open(path, key=key, namespace="shop") as shortened,
        ):
            shortened.read(["NAME"])


def test_another_program_s_database_is_no_store_and_is_left_alone(
    path: Path, key: KeySource
) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE store (body); PRAGMA user_version = 1")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(BackendError, match="no store"):
        Store.open(path, key=key, namespace="shop", create=True)
    assert path.read_bytes() == before
    assert not key.file.exists()


def test_a_newer_format_is_named_as_such(
    path: Path, key: KeySource, open_store: Opener, tamper: Callable[[str], None]
) -> None:
    open_store().close()
    tamper("PRAGMA user_version = 2")
    with pytest.raises(BackendError, match="newer envguard"):
        Store.open(path, key=key, namespace="shop")


def test_a_store_through_a_link_is_refused(path: Path, key: KeySource, open_store: Opener) -> None:
    open_store().close()
    link = path.with_name("link.db")
    for target in (path, path.with_name("missing")):
        link.symlink_to(target)
        with pytest.raises(BackendError, match="symbolic link"):
            Store.open(link, key=key, namespace="shop", create=True)
        link.unlink()


def test_a_log_without_its_store_is_an_error_and_is_kept(
    path: Path, key: KeySource, open_store: Opener
) -> None:
    open_store().close()
    path.unlink()
    log = path.with_name("store.db-wal")
    log.write_bytes(b"pages")
    with pytest.raises(BackendError, match="is gone"):
        Store.open(path, key=key, namespace="shop", create=True)
    assert log.read_bytes() == b"pages"


def test_a_store_that_another_process_holds_is_busy(
    path: Path, open_store: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY", 0.05)
    store = open_store()
    store.write("NAME", Secret("value"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(BackendError, match="in use by another process"):
        store.write("NAME", Secret("other"))
    # Nor is a value given out, which would leave no line in the trail; what is no value is.
    with pytest.raises(BackendError, match="in use by another process"):
        store.read(["NAME"])
    assert store.exists("NAME")
    other.execute("ROLLBACK")
    other.close()
    assert store.write("NAME", Secret("other")) == 2


def test_a_read_only_store_gives_no_value_out_as_it_could_not_say_so_in_its_trail(
    open_store: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = open_store()
    keeper.write("NAME", Secret("value"))
    monkeypatch.setattr(database, "OPTIONS", "mode=ro")
    store = open_store()
    assert store.exists("NAME")
    for use in (lambda: store.read(["NAME"]), lambda: store.write("NAME", Secret("other"))):
        with pytest.raises(BackendError, match="read-only"):
            use()


def test_a_file_system_without_shared_memory_is_named(
    path: Path, key: KeySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    # SQLite's own locking by lock files has no shared memory, like a network disk.
    monkeypatch.setattr(database, "OPTIONS", "mode=rw&vfs=unix-dotfile")
    with pytest.raises(BackendError, match="cannot hold its write-ahead log") as caught:
        Store.open(path, key=key, namespace="shop", create=True)
    assert "local disk" in caught.value.hint
    assert list(path.parent.iterdir()) == []


def test_a_store_on_a_file_system_without_shared_memory_is_named(
    path: Path, key: KeySource, open_store: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store().close()
    monkeypatch.setattr(database, "OPTIONS", "mode=rw&vfs=unix-dotfile")
    with pytest.raises(BackendError) as caught:
        Store.open(path, key=key, namespace="shop")
    assert "local disk" in caught.value.hint


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path, key: KeySource) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "store.db", tmp_path / "file" / "deep" / "store.db"):
        with pytest.raises(BackendError):
            Store.open(path, key=key, namespace="shop", create=True)


FULL = """
import resource, sys
from pathlib import Path
from envguard.core.errors import BackendError
from envguard.core.secret import Secret
from envguard.store.keys import KeySource
from envguard.store.store import Store
path, key, limit = Path(sys.argv[1]), KeySource(Path(sys.argv[2])), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
with Store.open(path, key=key, namespace="shop") as store:
    done = 0
    try:
        for done in range(1000):
            store.write(f"N{done}", Secret("x" * 1000))
    except BackendError as error:
        print(done, error.what)
"""


def test_a_write_that_finds_no_space_is_undone_whole(
    path: Path, key: KeySource, open_store: Opener
) -> None:
    open_store().close()
    limit = 100_000
    child = subprocess.run(
        [sys.executable, "-c", FULL, str(path), str(key.file), str(limit)],
        check=True,
        capture_output=True,
        text=True,
    )
    done, _, what = child.stdout.partition(" ")
    assert "cannot be" in what
    assert int(done) > 0
    names = [f"N{number}" for number in range(int(done) + 1)]
    store = open_store()
    assert list(store.read(names)) == names[:-1]
    assert len(store.list()) == int(done)


def test_a_full_disk_is_named(path: Path) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA max_page_count = 2")
    connection.execute("CREATE TABLE one (a)")
    with pytest.raises(sqlite3.Error) as caught:
        connection.execute("INSERT INTO one VALUES (zeroblob(100000))")
    connection.close()
    assert "the disk is full" in database.explain(path, caught.value).what


def test_what_sqlite_says_is_not_quoted(path: Path) -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.Error) as caught:
        connection.execute("SELECT CAST(x'ff6b6579' AS TEXT)").fetchone()
    connection.close()
    error = database.explain(path, caught.value)
    assert "damaged" in error.what
    assert "key" not in error.what + error.hint
