"""After a loss of power at any moment, with what was not synced lost, reordered or torn, SQLite's
own writes among it, a store holds what it did or what it was to hold; and each sync is needed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from envguard.core.errors import EnvguardError
from tests.faults.disk import Name, Recording, Sync, Tree, put, without
from tests.faults.recorder import recording
from tests.faults.syscalls import STRACE, traced
from tests.store.test_killed import HERE, Stage
from tests.store.worlds import cheap, perform

pytestmark = pytest.mark.skipif(STRACE is None, reason="strace is not installed")

ACTIONS = (
    *("create", "write", "read", "rotate", "restore", "restore a lost one"),
    *("restore a damaged one", "backup"),
)


class Disk:
    """What one action did to a disk, and whether a crash state of it is good."""

    def __init__(self, folder: Path, action: str, *, ours: bool = False) -> None:
        """With `ours` SQLite's files are taken as safe, which takes a fraction of the time."""
        self.stage = Stage(folder, action)
        self.stage.restore()
        world = self.stage.world
        if not ours:
            self.recording = traced(self.stage.command, world.root, self.stage.environ, HERE)
            return
        with recording(world.root, _is_database) as self.recording, cheap():
            perform(world, action)

    def holds(self, tree: Tree) -> bool:
        put(tree, self.stage.world.root)
        try:
            self.stage.look()
        except (AssertionError, EnvguardError, OSError):
            return False
        return True

    def syncs(self) -> list[tuple[int, str]]:
        """The number of each sync, and the path of what it made safe, without random parts."""
        made = self.recording
        paths = dict(_paths(made))
        found = [op for op in made.operations if isinstance(op, Sync)]
        return [(number, paths.get(sync.file, "?")) for number, sync in enumerate(found)]

    def broken_without(self, number: int) -> Iterator[Tree]:
        """The crash states that are there only if this sync is not called."""
        known = {hash(frozenset(tree.items())) for _, tree in self.recording.crashes()}
        for _, tree in without(self.recording, lambda n, _: n == number).crashes():
            if hash(frozenset(tree.items())) not in known:
                yield tree


def _is_database(path: str) -> bool:
    return "store.db" in path.rpartition("/")[2]


def _paths(made: Recording) -> Iterator[tuple[int, str]]:
    """The path that each file had first."""
    above = {0: ""}
    yield 0, ""
    names = [(number, node.names) for number, node in sorted(made.nodes.items())]
    names += [(op.folder, op.names) for op in made.operations if isinstance(op, Name)]  # type: ignore[misc]  # None is a name taken away
    for folder, changed in names:
        for name, number in changed:
            if number is not None and number not in above:
                above[number] = f"{above.get(folder, '?')}/{name}"
                yield number, above[number]


@pytest.mark.parametrize("count", [8, pytest.param(100_000, marks=pytest.mark.prove)])
@pytest.mark.parametrize("action", ACTIONS)
def test_after_a_crash_there_is_the_old_or_the_new(
    tmp_path: Path, figure: Callable[[str], None], action: str, count: int
) -> None:
    disk = Disk(tmp_path, action)
    states = list(disk.recording.crashes())
    if len(states) > count:
        states = random.Random(5).sample(states, count)  # noqa: S311 - which ones to try
    for point, tree in states:
        assert disk.holds(tree), f"{action}: a crash after {point} operations"
    figure(f"{action}: {len(states)} crash states")


def needed(disk: Disk, most: int = 100_000) -> list[str]:
    """What is lost without its sync, by its path up to its random part, in the order of the syncs.
    Up to so many crash states are tried for each."""
    return [
        path
        for number, path in disk.syncs()
        if not all(disk.holds(tree) for tree in islice(disk.broken_without(number), most))
    ]


@pytest.mark.parametrize(
    ("action", "wanted"),
    [
        # The key, its name, and the names of the folders.
        ("create", ["/config/.store.key.", "/config", ""]),
        # The new key, its name; and another name of the old one, before the new one takes its.
        ("rotate", ["/config/.store.key.", "/config", "/config"]),
        ("backup", ["/.env.envguard-", ""]),
    ],
)
def test_each_sync_of_ours_is_needed(tmp_path: Path, action: str, wanted: list[str]) -> None:
    disk = Disk(tmp_path, action, ours=True)
    for _, tree in disk.recording.crashes():
        assert disk.holds(tree)
    found = needed(disk)
    assert len(found) == len(wanted)
    assert all(path.startswith(start) for path, start in zip(found, wanted, strict=True)), found


@pytest.mark.prove
@pytest.mark.parametrize(
    ("action", "count"), [("create", 6), ("rotate", 6), ("restore a damaged one", 3), ("write", 3)]
)
def test_syncs_that_are_needed(
    tmp_path: Path, figure: Callable[[str], None], action: str, count: int
) -> None:
    disk = Disk(tmp_path, action)
    found = needed(disk, 400)
    figure(f"{action}: of {len(list(disk.syncs()))} syncs are needed: {found}")
    assert len(found) >= count
