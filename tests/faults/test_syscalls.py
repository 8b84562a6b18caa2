"""The same with SQLite's own writes among the operations: nothing is taken as safe."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.disk import Recording, Tree, put
from tests.faults.syscalls import STRACE, traced
from tests.faults.test_migrate_crash import Machine

pytestmark = pytest.mark.skipif(STRACE is None, reason="strace is not installed")

FILES = """
import os
os.makedirs("a/b")
file = os.open("a/b/x", os.O_WRONLY | os.O_CREAT, 0o600)
os.write(file, b"one "); os.write(file, b"two"); os.fchmod(file, 0o640); os.fsync(file)
os.replace("a/b/x", "a/b/y z")
with open("a/b/y z", "ab") as more:
    more.write(b" three")
os.truncate("kept", 3)
os.link("kept", "linked")
os.unlink("gone")
os.rmdir("empty")
"""

ROWS = """
import sqlite3
connection = sqlite3.connect("x.db", isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("PRAGMA synchronous = FULL")
connection.execute("CREATE TABLE t (x)")
for number in range(3):
    connection.execute("INSERT INTO t VALUES (?)", (number,))
    open(f"told{number}", "wb").close()
"""

MIGRATE = """
import sys
from pathlib import Path
from tests.jobs.project import Project
project = Project(Path(sys.argv[1]))
project.environ = {**project.environ, "HOME": sys.argv[2]}
project.migrate()
"""


def program(text: str, root: Path, *arguments: str) -> Recording:
    here = Path(__file__).parents[2]
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(root.parent), "PYTHONPATH": str(here)}
    environ["PYTHONDONTWRITEBYTECODE"] = "1"
    return traced([sys.executable, "-c", text, *arguments], root, environ, root)


def test_the_last_state_without_losses_is_what_is_on_the_disk(tmp_path: Path) -> None:
    root = tmp_path / "disk"
    (root / "empty").mkdir(parents=True)
    (root / "kept").write_bytes(b"12345")
    (root / "gone").touch()
    made = program(FILES, root)
    *_, last = made.crashes_at(len(made.operations))
    assert (root / "a" / "b" / "y z").read_bytes() == b"one two three"
    found = {
        str(path.relative_to(root)): (path.stat().st_mode & 0o777, path.read_bytes())
        for path in root.rglob("*")
        if path.is_file()
    }
    assert {path: held for path, held in last.items() if isinstance(held, tuple)} == found
    assert {path for path, held in last.items() if isinstance(held, int)} == {"a", "a/b"}


def some(made: Recording, count: int) -> Iterator[tuple[int, Tree]]:
    """About `count` of the crash states, from all over."""
    crashes = list(made.crashes())
    yield from crashes[:: max(1, len(crashes) // count)]


@pytest.mark.parametrize("count", [100, pytest.param(100_000, marks=pytest.mark.prove)])
def test_what_sqlite_has_committed_is_there_after_any_crash(tmp_path: Path, count: int) -> None:
    root = tmp_path / "disk"
    root.mkdir()
    made = program(ROWS, root)
    for _, tree in some(made, count):
        put(tree, root)
        told = [number for number in range(3) if f"told{number}" in tree]
        with closing(sqlite3.connect(root / "x.db")) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
            rows = connection.execute("SELECT x FROM t").fetchall() if tables else []
        assert [row[0] for row in rows] == list(range(len(rows)))
        assert not told or len(rows) > max(told)


@pytest.mark.parametrize("count", [12, pytest.param(600, marks=pytest.mark.prove)])
@pytest.mark.parametrize("second", [False, True], ids=["first", "second"])
def test_a_migration_and_its_store_survive(
    tmp_path: Path, figure: Callable[[str], None], count: int, second: bool
) -> None:
    machine = Machine(tmp_path / "disk", second=second, migrated=False)
    machine.recording = program(
        MIGRATE, machine.root, str(machine.project.root), str(machine.root / "home")
    )
    assert len(machine.recording.operations) > 60
    tried = 0
    for point, tree in some(machine.recording, count):
        assert machine.holds(tree), f"a crash after {point} operations"
        tried += 1
    figure(f"a migration with SQLite's own calls: {tried} crash states")
    assert tried >= count // 2
