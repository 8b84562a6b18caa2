"""What a scan found, without the value itself, and how much it could look at."""

from __future__ import annotations

from typing import NamedTuple

from envguard.core.rule import Confidence, Severity


class Occurrence(NamedTuple):
    """One place of a finding. `change` is `introduced`, `removed` or `head`; lines count from 1.

    `line` is None for `removed`: the place is gone.
    """

    change: str
    path: str
    line: int | None
    commit: str | None = None
    author: str | None = None
    date: str | None = None


class Finding(NamedTuple):
    """One credential in one place (in history: one credential, with all its occurrences).

    Lines and columns count from 1, in characters; `end_column` is the column after the last
    character. `preview` is masked. `in_head` is None where no history was read. `decoded` names
    the encoding it was found under, None for plain text. `details` are what can be told about it
    without its value, as names and texts, which may come from the tree.
    """

    rule: str
    title: str
    severity: Severity
    confidence: Confidence
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    preview: str
    fingerprint: str
    revoke: str
    commit: str | None = None
    author: str | None = None
    date: str | None = None
    in_head: bool | None = None
    pushed_to: tuple[str, ...] = ()
    occurrences: tuple[Occurrence, ...] = ()
    decoded: str | None = None
    state: str = "open"
    verified: bool | None = None
    details: tuple[tuple[str, str], ...] = ()


class Unseen(NamedTuple):
    """A path that was not looked at, and why."""

    path: str
    reason: str


class Coverage:
    """What a scan looked at. Filled while the scan runs.

    `excluded` was left out on purpose (configuration, git): the scan is still complete.
    `skipped` should have been looked at and could not be: the scan is incomplete. `notes` are
    sentences for the person, with nothing in them that changes the result.
    """

    def __init__(self, *, files: int = 0, bytes: int = 0, commits: int = 0, blobs: int = 0) -> None:
        self.files = files
        self.bytes = bytes
        self.commits = commits
        self.blobs = blobs
        self.excluded: list[Unseen] = []
        self.skipped: list[Unseen] = []
        self.notes: list[str] = []

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for was looked at."""
        return not self.skipped
