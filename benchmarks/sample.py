"""What the benchmarks of the start share: a sample project, and interleaved timing."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

BIN = Path(sys.executable).parent


class Spent(NamedTuple):
    """Medians of one command, in milliseconds; `processor` counts its children, too."""

    wall: float
    processor: float


def environment(home: Path) -> dict[str, str]:
    """An environment with a home of its own, and the programs beside this Python first."""
    left_out = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "ENVGUARD_KEY")
    kept = {
        name: text
        for name, text in os.environ.items()
        if name not in (*left_out, "PYTHONDONTWRITEBYTECODE")
    }
    return {**kept, "HOME": str(home), "PATH": f"{BIN}:{os.environ['PATH']}"}


def make_project(folder: Path, environ: Mapping[str, str]) -> None:
    """A repository with a .env of 50 references into the embedded store, the same 50 values in
    plain.env, and one staged file."""

    def run(*command: str) -> None:
        subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True)

    folder.mkdir()
    run("git", "init", "--quiet")
    run("git", "config", "user.name", "Ada")
    run("git", "config", "user.email", "ada@example.com")
    text = "".join(f"KEY_{n}=value-{n}-of-the-sample\n" for n in range(50))
    (folder / ".env").write_text(text)
    (folder / "plain.env").write_text(text)
    run("envguard", "init", "--yes", "--no-hook")
    run("envguard", "migrate", "--all", "--yes")
    run("git", "add", ".")
    run("git", "commit", "--quiet", "--message", "sample")
    (folder / "app.py").write_text("print('hello')\n" * 50)
    run("git", "add", "app.py")


def interleaved(
    cases: Mapping[str, Sequence[str]], rounds: int, folder: Path, environ: Mapping[str, str]
) -> dict[str, Spent]:
    """What each command takes, one after the other in every round, after a round that warms the
    caches. A command that cannot be started, or fails, is left out."""
    spent: dict[str, list[Spent]] = {name: [] for name in cases}
    gone: set[str] = set()
    for number in range(rounds + 1):
        for name, command in cases.items():
            if name in gone:
                continue
            start, before = time.perf_counter(), _processor()
            try:
                subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True)
            except (OSError, subprocess.CalledProcessError):
                gone.add(name)
                continue
            wall, used = time.perf_counter() - start, _processor() - before
            if number:
                spent[name].append(Spent(wall * 1000, used * 1000))
    return {
        name: Spent(*(statistics.median(values) for values in zip(*all_, strict=True)))
        for name, all_ in spent.items()
        if all_
    }


def _processor() -> float:
    """Seconds of processor time that the children of this process have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
