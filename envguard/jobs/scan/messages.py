"""Credentials in the messages of commits and tags."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing

from envguard.core.finding import Finding, Occurrence
from envguard.jobs.scan.attributed import with_refs
from envguard.jobs.scan.state import Scan
from envguard.sources import history as source
from envguard.sources.changes import LOG_OPTIONS, CommitChanges, read_log
from envguard.sources.git import Git


def with_messages(
    scan: Scan,
    git: Git,
    findings: Sequence[Finding],
    commits: Sequence[CommitChanges] | None = None,
) -> list[Finding]:
    """The findings and those of messages, one for each credential: where it is in `findings`
    already, its messages are further occurrences.

    `commits` are those to look at, the newest first; else all, and the tags. Messages that no
    ref reaches are noted.
    """
    ids = None if commits is None else [commit.commit for commit in commits]
    seen = [
        finding._replace(commit=document.commit)
        for document in source.messages(git, ids)
        for finding in scan.findings(document.path, scan.detector.candidates(document))
    ]
    if commits is None:
        commits = _reached(git, {finding.commit for finding in seen if finding.commit})
    about = {commit.commit: commit for commit in reversed(commits)}
    order = {commit: place for place, commit in enumerate(about)}
    reached = [f for f in seen if f.commit is None or f.commit in about]
    if len(reached) < len(seen):
        scan.coverage.notes.append(
            f"{len(seen) - len(reached)} more in messages of commits that no branch or tag reaches"
            "; reflogs may still hold them, else `git gc --prune=now` removes them"
        )
    found = {_credential(finding): finding for finding in findings}
    for finding in sorted(reached, key=lambda f: order.get(f.commit or "", -1)):
        happened = _occurrence(finding, about.get(finding.commit or ""))
        first = found.get(_credential(finding)) or finding._replace(
            author=happened.author, date=happened.date
        )
        found[_credential(finding)] = first._replace(occurrences=(*first.occurrences, happened))
    return with_refs(git, list(found.values()))


def _credential(finding: Finding) -> tuple[str, str]:
    return finding.rule, finding.fingerprint


def _occurrence(finding: Finding, about: CommitChanges | None) -> Occurrence:
    author, date = (about.author, about.date) if about is not None else (None, None)
    return Occurrence("introduced", finding.path, finding.line, finding.commit, author, date)


def _reached(git: Git, wanted: Collection[str]) -> list[CommitChanges]:
    """Those of the commits that a ref reaches, the newest first."""
    if not wanted:
        return []
    everything = git.run("rev-list", "--all").decode("ascii").splitlines()
    reached = [commit for commit in everything if commit in wanted]
    if not reached:
        return []
    log = git.stream("log", "--no-walk", *LOG_OPTIONS, "--no-renames", *reached, "--")
    with closing(log):
        return list(read_log(git, log))
