"""What another tool's file says of findings: where they are, and a hash or the value itself."""

from __future__ import annotations

from typing import NamedTuple

from envguard.core.secret import Secret
from envguard.detection.baseline.entries import State


class Told(NamedTuple):
    """One finding of another tool. `path` is from the top of the repository; `line` and
    `end_line` count from 1, `line` is 0 where none is told; `commit` is a whole id, or None for
    the files as they are. `sha1` is of the value, in hexadecimal digits; with neither it nor the
    value the place alone tells which one is meant. `rule` is the other tool's word for it."""

    path: str
    line: int
    end_line: int
    commit: str | None = None
    secret: Secret | None = None
    sha1: str | None = None
    rule: str = ""
    state: State = State.UNREVIEWED
    reason: str = ""

    @property
    def is_place(self) -> bool:
        """Whether the place alone tells which value is meant."""
        return self.secret is None and self.sha1 is None
