"""Credentials in the messages of commits and tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from envguard.core.finding import Finding, Occurrence
from envguard.detection.detector import Candidate
from envguard.detection.findings import Key
from envguard.jobs.scan.state import Scan
from envguard.sources.changes import CommitChanges


class Sight(NamedTuple):
    """The candidates of one message; `commit` is the one that it is of, or that a tag points at,
    None for a tag of something else."""

    path: str
    commit: str | None
    candidates: Sequence[Candidate]


def with_messages(
    scan: Scan,
    findings: Mapping[Key, Finding],
    sights: Iterable[Sight],
    commits: Sequence[CommitChanges],
) -> dict[Key, Finding]:
    """The findings and those of messages, one for each credential: where it is in `findings`
    already, its messages are further occurrences.

    `commits` are those that a ref reaches, the newest first: all that the messages are of, at
    least. Messages of others are noted.
    """
    about = {commit.commit: commit for commit in reversed(commits)}
    order = {commit: place for place, commit in enumerate(about)}
    seen: list[tuple[int, Key, Finding]] = []
    unreached = 0
    for sight in sights:
        for credential, finding in scan.credentials(sight.path, sight.candidates):
            if sight.commit is None or sight.commit in about:
                found = finding._replace(commit=sight.commit)
                seen.append((order.get(sight.commit or "", -1), credential, found))
            else:
                unreached += 1
    if unreached:
        scan.coverage.notes.append(
            f"{unreached} more in messages of commits that no branch or tag reaches"
            "; reflogs may still hold them, else `git gc --prune=now` removes them"
        )
    together = dict(findings)
    for _, credential, finding in sorted(seen, key=itemgetter(0)):
        happened = _occurrence(finding, about.get(finding.commit or ""))
        first = together.get(credential) or finding._replace(
            author=happened.author, date=happened.date
        )
        together[credential] = first._replace(occurrences=(*first.occurrences, happened))
    return together


def _occurrence(finding: Finding, about: CommitChanges | None) -> Occurrence:
    author, date = (about.author, about.date) if about is not None else (None, None)
    return Occurrence("introduced", finding.path, finding.line, finding.commit, author, date)
