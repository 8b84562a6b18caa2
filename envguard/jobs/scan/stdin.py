"""scan --stdin: one text, as it comes."""

from __future__ import annotations

from envguard.core.config import Config, Folders
from envguard.core.errors import UsageError
from envguard.jobs.scan.request import Request, Result
from envguard.jobs.scan.state import Progress, begin
from envguard.sources.stdin import read


def scan(request: Request, config: Config, folders: Folders, progress: Progress) -> Result:
    """Scans `request.stdin` under the name `request.name`."""
    if request.stdin is None:
        raise UsageError("there is no standard input", "pipe a text into `envguard scan --stdin`")
    scan = begin(request, config, folders, progress)
    document = read(request.stdin, request.name, scan.coverage)
    return scan.result(scan.look(document))
