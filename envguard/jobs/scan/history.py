"""scan --history: every content that the object store holds, once; then where it came from."""

from __future__ import annotations

from envguard.core.config import Config, Folders
from envguard.core.errors import UsageError
from envguard.detection.detector import Candidate
from envguard.detection.findings import likely
from envguard.jobs.scan.attributed import attributed
from envguard.jobs.scan.messages import with_messages
from envguard.jobs.scan.request import Request, Result
from envguard.jobs.scan.state import Progress, begin, repository
from envguard.sources import history as source


def scan(request: Request, config: Config, folders: Folders, progress: Progress) -> Result:
    """The findings of the whole history: one for each credential and rule.

    Raises UsageError where there is no repository or no commit yet.
    """
    scan = begin(request, config, folders, progress)
    git, coverage = repository(request), scan.coverage
    holds: dict[str, list[Candidate]] = {}
    for document in source.blobs(git, coverage):
        # Without a path yet the confidence is the highest that any path could give.
        found = [c for c, _ in likely(scan.candidates(document), "", scan.minimum)]
        if found and document.blob is not None:
            holds[document.blob] = found
    if not coverage.commits:
        raise UsageError(
            f"{git.top} has no commits yet", "commit something, or scan its files: envguard scan"
        )
    heads = source.in_head(git) if holds else {}
    findings = attributed(scan, source.trace(git, holds), holds, heads)
    return scan.result(with_messages(scan, git, findings))
