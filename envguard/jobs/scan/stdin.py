"""scan --stdin: one text, as it comes."""

from __future__ import annotations

from envguard.core.config import Config, Folders
from envguard.core.errors import UsageError
from envguard.core.finding import Finding, Unseen
from envguard.jobs.scan.request import Request, Result
from envguard.jobs.scan.state import Progress, begin
from envguard.sources.stdin import read


def scan(request: Request, config: Config, folders: Folders, progress: Progress) -> Result:
    """Scans `request.stdin` under the name `request.name`. Interrupted, it gives what was found so
    far."""
    if request.stdin is None:
        raise UsageError("there is no standard input", "pipe a text into `envguard scan --stdin`")
    scan = begin(request, config, folders, progress)
    findings: list[Finding] = []
    try:
        for finding in scan.look(read(request.stdin, request.name, scan.coverage)):
            findings.append(finding)
    except KeyboardInterrupt:
        reason = "interrupted, with the rest of it not looked at"
        scan.coverage.skipped.append(Unseen(request.name, reason))
        return scan.result(findings)._replace(interrupted=True)
    return scan.result(findings)
