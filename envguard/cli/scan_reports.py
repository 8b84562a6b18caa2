"""`envguard scan --format FORM`: the reports that other programs read, and the page."""

from __future__ import annotations

import time

from envguard import __version__
from envguard.cli.session import Session
from envguard.core.text import printable
from envguard.jobs.scan.request import Request, Result
from envguard.jobs.scan.rules_of import rules_of
from envguard.reports import registry
from envguard.reports.report import Report
from envguard.workspace import resources


def report(session: Session, request: Request, result: Result, form: str, started: float) -> str:
    """The report of a scan that began at `started` (seconds since 1970), in one of the registry's
    forms. What a form has no place for is said on standard error."""
    if form == "csv":
        for unseen in result.coverage.skipped:
            session.say(printable(f"not scanned: {unseen.path}: {unseen.reason}"))
    rules = rules_of(result.findings, session.config, session.settings.folders, request.rules)
    page = resources.read("templates", "report.html") if form == "html" else ""
    return registry.render(
        form,
        Report(
            result.findings,
            result.coverage,
            rules=rules,
            version=__version__,
            started=started,
            ended=time.time(),
            page=page,
        ),
    )
