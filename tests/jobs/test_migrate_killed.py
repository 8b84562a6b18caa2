"""A migration that is killed at any moment loses nothing, and the same command ends it."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dotenv
import pytest

from envguard.envfile import document
from tests.cli.program import PROGRAM
from tests.jobs.project import Project, random_value

COMMAND = ("migrate", "--all", "--yes", "--to", "local:")
VALUES = {f"KEY_{number}": random_value(number) for number in range(12)}
TEXT = "".join(f"{key}='{value}' # {key}\n" for key, value in VALUES.items())

# Ends itself just before its Nth call that changes the file system (PEP 578), or says at its end
# how many there were. What SQLite writes is not seen here, but it opens and syncs in between.
KILLED = """
import atexit, os, signal, sys
left = total = int(sys.argv.pop(1))
changes = {"os.rename", "os.remove", "os.mkdir", "os.link", "os.chmod", "sqlite3.connect"}

def watch(event, arguments):
    global left
    if event == "open":
        flags = arguments[2]
        if not isinstance(flags, int) or not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
    elif event not in changes:
        return
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

sys.argv[0] = "envguard"
from envguard.cli.main import main
sys.addaudithook(watch)
atexit.register(lambda: print("calls", total - left, file=sys.stderr))
main()
"""


def new_project(folder: Path, cache: Path) -> Project:
    project = Project(folder / "shop")
    home = folder / "home"
    home.mkdir(parents=True)
    project.environ = {**project.environ, "HOME": str(home), "XDG_CACHE_HOME": str(cache)}
    project.env.write_text(TEXT)
    project.env.chmod(0o600)
    return project


def killed_at(project: Project, number: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(number), *COMMAND],
        cwd=project.root,
        env=dict(project.environ),
        capture_output=True,
        text=True,
        check=False,
    )


def assert_nothing_is_lost(project: Project) -> None:
    """Each value is in the .env, or in the store under the reference that the .env holds."""
    read = dotenv.dotenv_values(project.env)
    assert list(read) == list(VALUES)
    if read != VALUES:
        assert read == {key: f"secret:{key}" for key in VALUES}
        assert project.given() == VALUES


def assert_the_same_command_ends_it(project: Project) -> None:
    done = subprocess.run(
        [PROGRAM, *COMMAND],
        cwd=project.root,
        env=dict(project.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    entries = document.read(project.env).entries
    assert [e.value and e.value.reveal() for e in entries] == [f"secret:{key}" for key in VALUES]
    assert project.given() == VALUES
    assert (project.root / ".env.example").read_text().count("secret:") == len(VALUES)
    assert project.env.stat().st_mode & 0o7777 == 0o600


def kill_at_calls(folder: Path, step: int) -> int:
    """Kills at every `step`th call; returns how many times that was before the end."""
    for name in ("first", "whole"):  # the first one also fills the cache
        done = killed_at(new_project(folder / name, folder / "cache"), 10**6)
        assert done.returncode == 0, done.stderr
    total = int(done.stderr.split("calls ")[1])
    assert total > 40
    count = 0
    for number in range(1, total + 1, step):
        project = new_project(folder / str(number), folder / "cache")
        assert killed_at(project, number).returncode == -signal.SIGKILL
        count += 1
        assert_nothing_is_lost(project)
        assert_the_same_command_ends_it(project)
    return count


def test_killed_at_some_calls_that_change_files(tmp_path: Path) -> None:
    assert kill_at_calls(tmp_path, 9) >= 6


@pytest.mark.prove
def test_killed_at_every_call_that_changes_files(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    count = kill_at_calls(tmp_path, 1)
    figure(f"killed at {count} calls of Python that change files")
    assert count > 40


def test_killed_at_random_moments(tmp_path: Path) -> None:
    whole = new_project(tmp_path / "whole", tmp_path / "cache")
    start = time.monotonic()
    assert_the_same_command_ends_it(whole)
    took = time.monotonic() - start
    moments = random.Random(15)  # noqa: S311 - no secret
    for number in range(15):
        project = new_project(tmp_path / str(number), tmp_path / "cache")
        process = subprocess.Popen(
            [PROGRAM, *COMMAND],
            cwd=project.root,
            env=dict(project.environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moments.uniform(took / 3, took))
        process.kill()
        process.wait()
        assert_nothing_is_lost(project)
        assert_the_same_command_ends_it(project)
