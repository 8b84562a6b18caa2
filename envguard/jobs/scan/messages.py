"""Credentials in the messages of commits and tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from envguard.core.finding import Finding, Occurrence
from envguard.detection.detector import Candidate
from envguard.detection.findings import likely
from envguard.jobs.scan.holds import Holds
from envguard.jobs.scan.state import Scan
from envguard.sources.changes import CommitChanges

WHAT_TO_DO = (
    "revoke what was ever pushed; `git reflog expire --expire=now HEAD BRANCH` and then "
    "`git gc --prune=now` remove what is not staged"
)
"""About objects that no ref reaches. Not `--all`: the stash is a reflog too, and would be gone."""


class Message(NamedTuple):
    """The candidates of one message, which is that of the object `name`; `commit` is the one that
    it is of, or that a tag points at, None for a tag of something else."""

    name: str
    path: str
    commit: str | None
    candidates: Sequence[Candidate]


class Said(NamedTuple):
    """The findings of one message, each with the number of its credential, and what is noted. With
    the author and the date of its commit, as soon as a ref reaches that."""

    name: str
    commit: str | None
    findings: tuple[tuple[int, Finding], ...]
    notes: tuple[str, ...]
    author: str | None = None
    date: str | None = None

    @property
    def is_reached(self) -> bool:
        """Whether a ref reaches its commit; a tag of something else is taken to be one's."""
        return self.commit is None or self.author is not None


def said(scan: Scan, holds: Holds, messages: Iterable[Message]) -> list[Said]:
    """What was found in messages; `holds` knows their credentials."""
    return [_said(scan, holds, message) for message in messages if message.candidates]


def _said(scan: Scan, holds: Holds, message: Message) -> Said:
    numbers = {
        id(c): s.number for c, s in zip(message.candidates, holds.said[message.name], strict=True)
    }
    findings: list[tuple[int, Finding]] = []
    notes: list[str] = []
    for candidate, confidence in likely(message.candidates, message.path, scan.minimum):
        if candidate.marked:
            notes.append(f"{message.path}:{candidate.line} is allowed by a marker")
        else:
            finding = scan.describe(candidate, confidence, message.path)
            found = finding._replace(commit=message.commit)
            findings.append((numbers[id(candidate)], found))
    return Said(message.name, message.commit, tuple(findings), tuple(notes))


def reached(said: Iterable[Said], commits: Sequence[CommitChanges]) -> list[Said]:
    """The same in the order of the commits (the newest first), with what these say: those of tags
    of something else, those that were reached before, in their order, then the new ones, and at
    last those that no ref reaches."""
    about = {commit.commit: commit for commit in reversed(commits)}
    order = {commit: place for place, commit in enumerate(about)}
    told: list[tuple[tuple[int, int], Said]] = []
    for one in said:
        commit = about.get(one.commit or "")
        if one.commit is None:
            told.append(((0, 0), one))
        elif one.is_reached:
            told.append(((1, 0), one))
        elif commit is not None:
            told.append(
                ((2, order[one.commit]), one._replace(author=commit.author, date=commit.date))
            )
        else:
            told.append(((3, 0), one))
    return [one for _, one in sorted(told, key=lambda pair: pair[0])]


def with_messages(
    scan: Scan, findings: Mapping[int, Finding], messages: Iterable[Said]
) -> dict[int, Finding]:
    """The findings and those of messages, one for each credential: where it is in `findings`
    already, its messages are further occurrences. Messages that no ref reaches are noted."""
    together = dict(findings)
    unreached = 0
    for message in messages:
        scan.coverage.notes += message.notes
        if not message.is_reached:
            unreached += len(message.findings)
            continue
        about = (message.commit, message.author, message.date)
        for number, finding in message.findings:
            happened = Occurrence("introduced", finding.path, finding.line, *about)
            first = together.get(number) or finding._replace(
                author=message.author, date=message.date
            )
            together[number] = first._replace(occurrences=(*first.occurrences, happened))
    if unreached:
        scan.coverage.notes.append(
            f"{unreached} more in messages of commits that no branch or tag reaches: {WHAT_TO_DO}"
        )
    return together
