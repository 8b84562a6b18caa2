"""A migration of 50 keys that ends at any of its system calls: nothing is lost, `resume` brings
every value into its place, and `rollback` gives file and backend back as they were."""

from __future__ import annotations

import shutil
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import dotenv
import pytest

from envguard.cli.main import call
from envguard.core.errors import ExitCode
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.jobs.migrate import undo
from envguard.journal.record import Record, State
from tests.cli.program import PROGRAM
from tests.conftest import Repository
from tests.jobs.project import Project, random_value
from tests.jobs.syscalls import Point, fail_at, kinds

KEYS = 50
KILLED, INTERRUPTED = "signal=KILL", "signal=INT"
COMMAND = ("migrate", "--all", "--yes", "--to", "local:", "--on-conflict", "overwrite")
VALUES = {f"KEY_{number}": random_value(number) for number in range(KEYS)}
TEXT = "".join(f"{key}='{value}' # {key}\r\n" for key, value in VALUES.items())


class World:
    """A project with its home, at one place, that is put back to how it was at its beginning:
    five keys hold other values in the backend, five hold these, one is not in the .env."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *, new: bool = False) -> None:
        self.place, self.saved = folder / "world", folder / "saved"
        self.log = folder / "log"
        self.project = Project(self.place / "shop")
        home = self.place / "home"
        home.mkdir()
        self.project.environ = {
            **self.project.environ,
            "HOME": str(home),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        for name, value in self.project.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(self.project.root)
        Repository(self.project.root)
        if not new:
            self._fill()
        self.project.env.write_bytes(TEXT.encode())
        self.project.env.chmod(0o640)
        assert call(["migrate", "--all", "--plan", "--to", "local:", "--on-conflict", "keep"]) == 0
        self.save(self.saved)
        self.before = self.backend()
        assert len(self.before) == (0 if new else 11)

    def _fill(self) -> None:
        self.project.env.write_text("".join(f"OLD_{n}_KEY={n}{'x' * 20}\n" for n in range(1)))
        assert call(["migrate", "--yes", "--quiet"]) == 0
        backend = self.project.backend()
        for number in range(10):
            value = random_value(number + (1000 if number < 5 else 0))
            backend.write(Reference("secret", f"KEY_{number}"), Secret(value), token="old")

    def save(self, to: Path) -> None:
        """Keeps a copy of everything."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.place, to, symlinks=True)

    def restore(self, copy: Path) -> None:
        """Puts everything back; the folders themselves stay, because somebody stands in them."""
        for folder in ("shop", "home"):
            for path in (self.place / folder).iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            shutil.copytree(copy / folder, self.place / folder, symlinks=True, dirs_exist_ok=True)

    def backend(self) -> dict[str, str]:
        """What the backend holds."""
        if not self.project.config.project_id:
            return {}
        backend = self.project.local()
        refs = [backend.locate(found.name) for found in backend.list()]
        return {ref.name: value.reveal() for ref, value in backend.read(refs).items()}

    def assert_nothing_is_lost(self) -> None:
        """Each value is in the file, or in the backend under the reference in the file."""
        read = dotenv.dotenv_values(self.project.env)
        assert list(read) == list(VALUES)
        if self.project.env.read_bytes() != TEXT.encode():
            assert read == {key: f"secret:{key}" for key in VALUES}
            assert self.project.given() == VALUES

    def assert_all_in_place(self) -> None:
        read = dotenv.dotenv_values(self.project.env)
        assert read == {key: f"secret:{key}" for key in VALUES}
        assert self.project.given() == VALUES
        assert self.backend() == {**self.before, **VALUES}
        example = dotenv.dotenv_values(self.project.root / ".env.example")
        assert read.items() <= example.items()
        assert self.project.env.stat().st_mode & 0o7777 == 0o640

    def assert_as_it_was(self) -> None:
        assert self.project.env.read_bytes() == TEXT.encode()
        assert self.project.env.stat().st_mode & 0o7777 == 0o640
        assert self.backend() == self.before

    def state(self) -> State | None:
        """How far the migration of this test has come, if it was begun."""
        ours = self._ours()
        return ours[-1].state if ours else None

    def newest(self) -> str:
        return self._ours()[-1].id

    def _ours(self) -> list[Record]:
        found, damaged = undo.migrations(self.project.settings)
        assert damaged == []
        return [r for r in found if any(len(file.steps) == KEYS for file in r.files)]


def check(world: World) -> str:
    """Everything that must hold after the end at one point; where that point was."""
    world.assert_nothing_is_lost()
    state = world.state()
    copy = world.place.with_name("copy")
    world.save(copy)
    if state is None:
        world.assert_as_it_was()
        assert call(["migrate", "resume", "--quiet"]) == ExitCode.NOT_FOUND
        assert call([*COMMAND, "--quiet"]) == 0
        world.assert_all_in_place()
        return "before the journal: as it was, the same command ends it"
    for _ in range(2):
        code = call(["migrate", "resume", world.newest(), "--quiet"])
        assert code == 0
        world.assert_all_in_place()
        assert world.state() is State.DONE
    world.restore(copy)
    for _ in range(2):
        assert call(["migrate", "rollback", world.newest(), "--quiet"]) == 0
        world.assert_as_it_was()
    return f"resumed from, and rolled back from: {state.value}"


def is_hit(world: World, point: Point, fault: str, command: Sequence[str] = COMMAND) -> bool:
    """Runs a command into one fault, and checks how it ended; whether it came that far."""
    world.restore(world.saved)
    project = world.project
    done, hit = fail_at(point, fault, [PROGRAM, *command], project.root, project.environ, world.log)
    if not hit:
        assert done.returncode == 0, (point, done)
    elif fault == KILLED:
        assert done.returncode == -signal.SIGKILL, (point, done)
    elif fault == INTERRUPTED:
        # It may come too late to matter.
        assert done.returncode in (0, ExitCode.INTERRUPTED), (point, done)
        if done.returncode and world.state() not in (None, State.DONE):
            assert f"envguard migrate resume {world.newest()}" in done.stderr
    else:
        assert done.returncode in (0, 2, 3, 4), (point, done)
    return hit


def counts(world: World, command: Sequence[str] = COMMAND, runs: int = 2) -> Counter[str]:
    """How many calls of each kind there are, in the last of several runs: the first one fills
    caches."""
    for _ in range(runs):
        world.restore(world.saved)
        arguments = [PROGRAM, *command]
        found = kinds(arguments, world.project.root, world.project.environ, world.log)
    return found


def at_some(world: World, fault: str) -> int:
    """The middle one of each kind of call that there are several of; how many were hit."""
    count = 0
    for call_name, number in counts(world, runs=1).items():
        if number >= 14:
            point = Point(call_name, (number + 1) // 2)
            if is_hit(world, point, fault):
                count += 1
                checked(world, point, fault)
    return count


def at_every(world: World, fault: str, without: str = "") -> Counter[str]:
    """Each call of each kind, until there are no more; how many of each end there were."""
    seen: Counter[str] = Counter()
    for call_name in counts(world):
        number = 1
        while call_name != without and is_hit(world, Point(call_name, number), fault):
            seen[checked(world, Point(call_name, number), fault)] += 1
            number += 1
    return seen


def checked(world: World, point: Point, fault: str) -> str:
    try:
        return check(world)
    except AssertionError as error:
        raise AssertionError(f"{fault} at {point}") from error


def told(title: str, seen: Counter[str]) -> str:
    lines = [f"{title}: {sum(seen.values())} points"]
    lines += [f"  {count:4} {what}" for what, count in sorted(seen.items())]
    return "\n".join(lines)


@pytest.mark.parametrize("fault", [KILLED, INTERRUPTED, "error=ENOSPC"])
def test_ended_at_some_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    assert at_some(World(tmp_path, monkeypatch), fault) >= 3


@pytest.mark.parametrize("step", [12, pytest.param(1, marks=pytest.mark.prove)])
def test_a_rollback_that_is_killed_is_repeated(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    figure: Callable[[str], None],
    step: int,
) -> None:
    world = World(tmp_path, monkeypatch)
    assert call([*COMMAND, "--quiet"]) == 0
    world.save(world.saved)
    rollback = ("migrate", "rollback", world.newest())
    count = 0
    for call_name in counts(world, rollback, runs=1):
        number = 1
        while is_hit(world, Point(call_name, number), KILLED, rollback):
            world.assert_nothing_is_lost()
            assert call([*rollback, "--quiet"]) == 0
            world.assert_as_it_was()
            number += step
            count += 1
    figure(f"a rollback killed at {count} of its calls, then repeated")
    assert count > 5


@pytest.mark.prove
@pytest.mark.parametrize("new", [True, False], ids=["new store", "store with values"])
def test_killed_at_every_call_that_changes_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None], new: bool
) -> None:
    seen = at_every(World(tmp_path, monkeypatch, new=new), KILLED)
    figure(told(f"killed at every call that changes a file, {'new' if new else 'old'} store", seen))
    assert len(seen) > 3


@pytest.mark.prove
def test_interrupted_at_every_call_that_changes_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None]
) -> None:
    seen = at_every(World(tmp_path, monkeypatch), INTERRUPTED)
    figure(told("Ctrl-C at every call that changes a file", seen))
    assert len(seen) > 3


@pytest.mark.prove
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_refused_at_every_call_that_changes_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None], error: str
) -> None:
    # A standard error that cannot be written is no failure of the migration.
    seen = at_every(World(tmp_path, monkeypatch), f"error={error}", without="write")
    figure(told(f"{error} at every call that changes a file", seen))
    assert len(seen) > 2
