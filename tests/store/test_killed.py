"""What is done to a store ends anywhere: at any system call by SIGKILL, or by a disk that is full
or broken, and at any moment by SIGKILL. Nothing that was acknowledged is lost, every value opens,
the trail verifies, and the same thing can be done again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from envguard.store import backup
from tests.jobs.syscalls import Point, fail_at, kinds
from tests.store.worlds import (
    ABSENT,
    ACTIONS,
    DAMAGE,
    DAMAGED,
    LOCKED,
    PHRASE,
    Held,
    World,
    cheap,
    held,
    prepare,
    retired_are_kept,
)

KILLED = "signal=KILL"
FAULTS = (KILLED, "error=ENOSPC", "error=EIO")
HERE = Path(__file__).parents[2]
OUTPUT = 1  # system calls that only say how it ended


class Stage:
    """A world in which one action ends at one point, again and again."""

    def __init__(self, folder: Path, action: str) -> None:
        self.action = action
        self.folder = folder
        self.saved, self.world = World(folder / "saved"), World(folder / "world")
        self.environ = {
            **{n: v for n, v in os.environ.items() if not n.startswith(("COV", "PYTEST"))},
            "PYTHONPATH": str(HERE),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.saved.root.mkdir()
        prepare(self.saved, action)
        self.restore()
        self.before = held(self.world)
        self.old_store = self.world.path.read_bytes() if self.before == LOCKED else DAMAGE
        self.restore()
        with cheap():
            ACTIONS[action](self.world)
        self.after = held(self.world)
        assert isinstance(self.after, Held)
        assert self.after != self.before

    def restore(self) -> None:
        shutil.rmtree(self.world.root, ignore_errors=True)
        shutil.copytree(self.saved.root, self.world.root)

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.store.worlds", self.action, str(self.world.root)]

    def calls(self) -> Counter[str]:
        self.restore()
        return kinds(self.command, HERE, self.environ, self.folder / "log")

    def is_hit(self, point: Point, fault: str) -> bool:
        """Runs into one fault and checks what is left; whether it came that far."""
        self.restore()
        log = self.folder / "log"
        done, hit = fail_at(point, fault, self.command, HERE, self.environ, log)
        try:
            assert "Traceback" not in done.stderr, done.stderr
            if hit and fault == KILLED:
                assert done.returncode == -signal.SIGKILL
            self.check()
        except AssertionError as error:
            raise AssertionError(f"{self.action}: {fault} at {point}") from error
        return hit

    def check(self) -> None:
        """What must hold however it ended, and that the same leads on from there."""
        found = self.look()
        with cheap():
            if found == self.before:
                ACTIONS[self.action](self.world)
                assert held(self.world) == self.after
        assert isinstance(held(self.world), Held)

    def look(self) -> Held | str:
        """What there is, which must be the old or the new, and whole."""
        found = held(self.world)
        if self.action == "create":
            assert found in (ABSENT, Held({}, ()), self.after)
        else:
            assert found in (self.before, self.after)
        if self.world.told.exists():
            assert found == self.after
        if self.before in (DAMAGED, LOCKED):
            assert self.old_store in self.world.files()
        elif isinstance(found, Held) and self.action not in (
            "forget",
            "to a file",
        ):  # a passphrase has no file
            assert retired_are_kept(self.world)
        with cheap():
            if self.action != "create":
                kept = backup.load(self.world.backup, PHRASE).secrets
                if self.action == "backup" and self.world.told.exists():
                    assert "B" in {secret.head.name for secret in kept}
        return found


@pytest.mark.parametrize(
    "action", ["create", "write", "rotate", "restore", "restore a damaged one"]
)
def test_killed_at_some_calls(tmp_path: Path, action: str) -> None:
    stage = Stage(tmp_path, action)
    counts = stage.calls()
    hit = 0
    for call in ("link", "rename", "pwrite64"):
        if counts[call]:
            hit += stage.is_hit(Point(call, (counts[call] + 1) // 2), KILLED)
    assert hit >= 1


@pytest.mark.parametrize("fault", FAULTS[1:])
def test_a_disk_that_refuses_one_call(tmp_path: Path, fault: str) -> None:
    stage = Stage(tmp_path, "rotate")
    assert stage.is_hit(Point("fsync", 3), fault)
    assert stage.is_hit(Point("pwrite64", 20), fault)


@pytest.mark.prove
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("action", ACTIONS)
def test_at_every_call_that_changes_a_file(
    tmp_path: Path, figure: Callable[[str], None], action: str, fault: str
) -> None:
    stage = Stage(tmp_path, action)
    points: Counter[str] = Counter()
    for call in stage.calls():
        while stage.is_hit(Point(call, points[call] + 1), fault):
            points[call] += 1
    figure(f"{action}, {fault}: {points.total()} points {dict(points)}")
    assert points.total() > 5


@pytest.mark.parametrize(
    ("home", "kills"),
    [
        ("file", 15),
        pytest.param("file", 500, marks=pytest.mark.prove),
        pytest.param("passphrase", 500, marks=pytest.mark.prove),
    ],
)
def test_killed_at_random_moments(
    tmp_path: Path, figure: Callable[[str], None], home: str, kills: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.store.victims", str(tmp_path), home, str(kills)],
        cwd=HERE,
        env={**os.environ, "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kills"] >= kills
    if kills > 100:
        assert {"written", "read", "rotated"} <= told.keys()
    figure(f"killed at random moments, key in a {home}: {told}")
