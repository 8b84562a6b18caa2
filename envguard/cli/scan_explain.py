"""`envguard scan --explain FINGERPRINT`: the sheet of one finding."""

from __future__ import annotations

import time

from envguard.cli.options import FORMATS
from envguard.cli.progress import Progress
from envguard.cli.scan import emit, look
from envguard.cli.scan_reports import report as reported
from envguard.cli.session import Session
from envguard.core.errors import ExitCode
from envguard.jobs.scan import incident as job
from envguard.jobs.scan.request import Request
from envguard.reports import incident as report
from envguard.reports.style import Style


def explain(
    fingerprint: str, request: Request, session: Session, format: str, output: str | None
) -> int:
    """Looks where the options say, else in the history, the index and the files, until the
    finding is there; returns 0, or 130 after Ctrl-C. The forms of other programs get a report of
    this finding alone."""
    wanted = job.check_fingerprint(fingerprint)
    complete, started = True, time.time()
    for attempt in job.attempts(request):
        with Progress(session) as progress:
            result = look(attempt, session, progress.show)
        found = job.chosen(result.findings, wanted)
        if found:
            if request.verify:
                from envguard.jobs.scan.verified import verified

                found = list(verified(result._replace(findings=tuple(found))).findings)
            if format not in FORMATS:
                result = result._replace(findings=tuple(found))
                emit(session, reported(session, attempt, result, format, started), output)
                return ExitCode.OK
            style = Style() if output not in (None, "-") else session.style()
            emit(session, _report(job.incident(found, attempt), format, style), output)
            return ExitCode.OK
        if result.interrupted:
            return ExitCode.INTERRUPTED
        complete = complete and result.coverage.complete
    raise job.not_found(complete=complete)


def _report(sheet: job.Incident, format: str, style: Style) -> str:
    if format == "json":
        return report.to_json(sheet.finding, sheet.copies, sheet.at_head, sheet.steps)
    return report.render(sheet.finding, sheet.copies, sheet.at_head, sheet.steps, style)
