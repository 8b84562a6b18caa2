"""What a scan is asked for, and what it gives."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import BinaryIO, NamedTuple

from envguard.core.errors import UsageError
from envguard.core.finding import Coverage, Finding
from envguard.core.rule import Confidence


class EmptyRangeError(UsageError):
    """A range without commits: a mistake where a person typed it, and not in a hook."""


class Mode(Enum):
    """Where a scan looks."""

    TREE = "tree"
    STAGED = "staged"
    HISTORY = "history"
    RANGE = "range"
    STDIN = "stdin"


class Request(NamedTuple):
    """What to scan. `paths` are files and folders (TREE) or one repository (HISTORY); `range` is
    `A..B`, `since` a revision; `stdin` and `name` serve STDIN. `workers` is the number of
    processes; None: as many as pay.
    Without `fingerprints` those of the findings are empty: for reports that do not show them."""

    mode: Mode
    folder: Path
    paths: tuple[Path, ...] = ()
    range: str | None = None
    since: str | None = None
    stdin: BinaryIO | None = None
    name: str = "stdin"
    ignored: bool = False
    exclude: tuple[str, ...] = ()
    rules: tuple[Path, ...] = ()
    minimum: Confidence | None = None
    cache: bool = True
    workers: int | None = None
    fingerprints: bool = True


class Result(NamedTuple):
    """The findings, in the order of their places, and what was looked at. `empty`: nothing is
    staged, not even the removal of a file. `interrupted`: by Ctrl-C; these came before."""

    findings: tuple[Finding, ...]
    coverage: Coverage
    empty: bool = False
    interrupted: bool = False
