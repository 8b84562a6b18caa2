"""scan --staged: what the next commit adds."""

from __future__ import annotations

from envguard.core.config import Config, Folders
from envguard.core.finding import Finding
from envguard.detection.findings import key
from envguard.jobs.scan.changes import read_changes
from envguard.jobs.scan.request import Request, Result
from envguard.jobs.scan.state import Progress, begin, repository
from envguard.sources.index import staged


def scan(request: Request, config: Config, folders: Folders, progress: Progress) -> Result:
    """Scans the index: a credential that HEAD's version of the file has is not new."""
    scan = begin(request, config, folders, progress)
    git = repository(request)
    everything = staged(git, scan.coverage)
    changes = [scan.newly(c) for c in everything if not scan.excludes(c.path)]
    holds = read_changes(scan, git, changes)
    findings: list[Finding] = []
    for change in changes:
        if change.new is None:
            continue
        known = {key(c) for old in change.old for c in holds.get(old, ())}
        new = [c for c in holds.get(change.new, ()) if key(c) not in known]
        findings += scan.findings(change.path, new)
    return scan.result(findings)._replace(empty=not (everything or scan.coverage.excluded))
