"""A command whose system calls that change files are counted, and one of which goes wrong.

strace (https://strace.io) injects the fault; it counts each kind of call by itself.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

CALLS = (
    "write,pwrite64,writev,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,"
    "mkdir,mkdirat,chmod,fchmod,fchmodat,fchown,ftruncate,truncate,fallocate"
)
"""What changes a file or its place, SQLite's calls included. A file that is opened and made
empty is seen by the call that comes next. Only our own process is meant, not git."""

_CALL = re.compile(r"^(\w+)\(", re.MULTILINE)

_HIT = re.compile(r"\(INJECTED\)|--- SIGINT|\+\+\+ killed by SIGKILL")


class Point(NamedTuple):
    """The `number`th call of one kind, counted from 1."""

    call: str
    number: int


def kinds(
    arguments: Sequence[str], folder: Path, environ: Mapping[str, str], log: Path
) -> Counter[str]:
    """The kinds of calls by which a command changes files, and how many of each there are; not
    always as many, because SQLite's pages fill by the hashes of names."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    done = _run(arguments, folder, environ, log)
    if "ptrace" in done.stderr.lower():
        pytest.skip("may not trace processes")
    assert done.returncode == 0, done.stderr
    return Counter(_CALL.findall(log.read_text(errors="replace")))


class Struck(NamedTuple):
    """How a command ended; `hit`: it came as far as the call that was to go wrong."""

    done: subprocess.CompletedProcess[str]
    hit: bool


def fail_at(
    point: Point,
    fault: str,
    arguments: Sequence[str],
    folder: Path,
    environ: Mapping[str, str],
    log: Path,
) -> Struck:
    """Runs a command one call of which has a `fault`: `signal=KILL`, `error=ENOSPC`."""
    inject = f"inject={point.call}:{fault}:when={point.number}"
    done = _run(arguments, folder, environ, log, "-e", inject)
    return Struck(done, _HIT.search(log.read_text(errors="replace")) is not None)


def _run(
    arguments: Sequence[str],
    folder: Path,
    environ: Mapping[str, str],
    log: Path,
    *options: str,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["strace", "-qq", "-o", str(log), "-e", f"trace={CALLS}", *options, *arguments],
        cwd=folder,
        env=dict(environ),
        capture_output=True,
        text=True,
        check=False,
    )
