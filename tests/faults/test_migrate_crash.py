"""After a loss of power at any moment of a migration nothing is lost, and both ways lead on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from envguard.core.errors import EnvguardError
from envguard.jobs.migrate.resume import resume
from envguard.jobs.migrate.undo import migrations, rollback, unfinished
from tests.faults.disk import Name, Recording, Sync, Tree, put, without
from tests.faults.recorder import recording
from tests.jobs.project import Project, random_value

VALUES = {"API_KEY": random_value(1), "DB_PASSWORD": random_value(2)}
BEFORE = f"# c\r\nAPI_KEY='{VALUES['API_KEY']}' # one\nDEBUG=1\nDB_PASSWORD={VALUES['DB_PASSWORD']}"
AFTER = "# c\r\nAPI_KEY='secret:API_KEY' # one\nDEBUG=1\nDB_PASSWORD=secret:DB_PASSWORD"
SOME = 7
"""The suite tries every seventh crash; `make prove` tries all."""


def is_database(path: str) -> bool:
    """SQLite writes by itself; that it keeps what it has committed is shown in tests/store."""
    return "store.db" in path.rpartition("/")[2]


class Machine:
    """A project and a home on one disk, and what a migration did to that disk."""

    def __init__(self, root: Path, *, second: bool, migrated: bool = True) -> None:
        self.root = root
        self.project = Project(root / "shop")
        (root / "home").mkdir()
        self.project.environ = {**self.project.environ, "HOME": str(root / "home")}
        if second:  # into a project and a store that are there
            self.project.env.write_text(f"OTHER_KEY={random_value(3)}\n")
            self.project.migrate()
        self.project.env.write_bytes(BEFORE.encode())
        self.project.env.chmod(0o640)
        self.ids = {record.id for record in migrations(self.project.settings)[0]}
        if migrated:
            with recording(root, is_database) as self.recording:
                self.project.migrate()

    @property
    def env(self) -> str:
        return self.project.env.read_bytes().decode()

    def new(self) -> list[str]:
        """The migrations that the disk knows of, besides those before."""
        found = [record.id for record in migrations(self.project.settings)[0]]
        return [name for name in found if name not in self.ids]

    def given(self) -> None:
        given = self.project.given()
        assert {key: given[key] for key in VALUES} == VALUES

    def check(self, tree: Tree) -> None:
        """Whether nothing is lost in a crash state, and it can be left in both directions."""
        put(tree, self.root)
        assert self.env in (BEFORE, AFTER)
        if self.env == AFTER:
            self.given()
        for record in unfinished(self.project.settings):
            if record.id not in self.ids:
                resume(record.id, self.project.settings)
        if self.env == BEFORE:
            assert not self.new()
            self.project.migrate()
        assert self.env == AFTER
        self.given()
        put(tree, self.root)
        begun = self.new()
        for name in begun:
            rollback(name, self.project.settings)
        assert self.env == BEFORE
        assert self.project.env.stat().st_mode & 0o777 == 0o640
        if begun:
            assert self.project.stored("API_KEY") is None
            assert self.project.stored("DB_PASSWORD") is None

    def holds(self, tree: Tree) -> bool:
        try:
            self.check(tree)
        except (AssertionError, EnvguardError, OSError):
            return False
        return True

    def name_of(self, file: int) -> str:
        """What a file is called when the recording ends."""
        names = {0: ""}
        for operation in self.recording.operations:
            if isinstance(operation, Name):
                names.update({n: name for name, n in operation.names if n is not None})
        nodes = self.recording.nodes
        old = {n: name for node in nodes.values() for name, n in node.names}
        return (old | names)[file]


@pytest.fixture(params=[False, True], ids=["first", "second"])
def machine(tmp_path: Path, request: pytest.FixtureRequest) -> Machine:
    return Machine(tmp_path / "disk", second=request.param)


def crashes(made: Recording, step: int) -> Iterator[tuple[int, Tree]]:
    for number, crash in enumerate(made.crashes()):
        if number % step == 0:
            yield crash


def test_after_some_crashes_nothing_is_lost(machine: Machine) -> None:
    count = 0
    for _, tree in crashes(machine.recording, SOME):
        machine.check(tree)
        count += 1
    assert count > 2


@pytest.mark.prove
def test_after_every_crash_nothing_is_lost(machine: Machine, figure: Callable[[str], None]) -> None:
    count = 0
    for point, tree in crashes(machine.recording, 1):
        assert machine.holds(tree), f"a crash after {point} operations"
        count += 1
    figure(f"a migration: {count} crash states")
    assert count > 20


def test_what_is_done_stays_done(machine: Machine) -> None:
    last = len(machine.recording.operations)
    for tree in machine.recording.crashes_at(last):
        put(tree, machine.root)
        assert machine.env == AFTER
        machine.given()


@pytest.mark.parametrize("step", [SOME, pytest.param(1, marks=pytest.mark.prove)])
def test_a_rollback_that_is_cut_off_is_done_again(
    machine: Machine, figure: Callable[[str], None], step: int
) -> None:
    count = 0
    (name,) = machine.new()
    with recording(machine.root, is_database) as made:
        rollback(name, machine.project.settings)
    for _, tree in crashes(made, step):
        put(tree, machine.root)
        assert machine.env in (BEFORE, AFTER)
        rollback(name, machine.project.settings)
        assert machine.env == BEFORE
        assert machine.project.stored("API_KEY") is None
        count += 1
    figure(f"a rollback: {count} crash states")


def broken_without(machine: Machine, number: int) -> Iterator[Tree]:
    """The crash states that are there only if this sync is not called."""
    known = {hash(frozenset(tree.items())) for _, tree in machine.recording.crashes()}
    broken = without(machine.recording, lambda n, _: n == number)
    for _, tree in broken.crashes():
        if hash(frozenset(tree.items())) not in known:
            yield tree


def syncs(machine: Machine) -> list[tuple[int, str]]:
    """The number of each sync and the name of what it made safe."""
    found = [op for op in machine.recording.operations if isinstance(op, Sync)]
    return [(number, machine.name_of(sync.file)) for number, sync in enumerate(found)]


@pytest.mark.parametrize("name", [".env", ".0.egb"])
def test_without_the_sync_of_the_new_env_or_of_its_backup_something_is_lost(
    machine: Machine, name: str
) -> None:
    (number,) = (number for number, known in syncs(machine) if known.endswith(name))
    assert not all(machine.holds(tree) for tree in broken_without(machine, number))


@pytest.mark.prove
def test_these_syncs_are_needed(tmp_path: Path, figure: Callable[[str], None]) -> None:
    """Each of them, left out alone, loses something in some crash."""
    machine = Machine(tmp_path, second=False)
    needed = [
        name
        for number, name in syncs(machine)
        if not all(machine.holds(tree) for tree in broken_without(machine, number))
    ]
    figure(f"a migration: of {len(syncs(machine))} syncs are needed: {needed}")
    folders = ["home", ".config", "envguard", "shop", "home", ".local", "share", "journal"]
    files = ["trust.json", "store.key", ".env"]
    assert not [name for name in (*folders, *files) if name not in needed]
    assert sum(name.endswith(".egb") for name in needed) == 1
