"""What a scan is asked for, and what it gives."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from envguard.core.errors import UsageError
from envguard.core.finding import Coverage, Finding
from envguard.core.rule import Confidence

if TYPE_CHECKING:
    from envguard.jobs.scan.held import Known
    from envguard.jobs.scan.tokens import Tokens
    from envguard.sources.ranges import Range


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
    Without `fingerprints` those of the findings are empty: for reports that do not show them.
    `known` are values that are looked for as well; with `verify` the result keeps its tokens, so
    that their providers can be asked about them. Without `memory` a history scan is one that
    leaves the memory of the usual ones alone. `chosen` is a range that is worked out already;
    without `markers`, one that the commits of a range add excuses nothing. `baseline` is the file
    of known findings, None for the configured one; without `baselined` these are reported as
    well, each with its state. `salt` is that of the fingerprints, None for the usual one."""

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
    known: Known | None = None
    verify: bool = False
    memory: bool = True
    chosen: Range | None = None
    markers: bool = True
    baseline: Path | None = None
    baselined: bool = True
    salt: str | None = None

    @property
    def remembers(self) -> bool:
        """Whether a history scan may use what an earlier one saw, and leave such a memory: not
        where the values themselves matter, of which nothing is kept."""
        return self.cache and self.memory and self.known is None and not self.verify


class Result(NamedTuple):
    """The findings, in the order of their places, and what was looked at. `empty`: nothing is
    staged, not even the removal of a file. `interrupted`: by Ctrl-C; these came before. `tokens`
    are the values of the findings, where the request is to verify them."""

    findings: tuple[Finding, ...]
    coverage: Coverage
    empty: bool = False
    interrupted: bool = False
    tokens: Tokens | None = None
