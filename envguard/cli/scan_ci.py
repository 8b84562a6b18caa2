"""`envguard scan --ci`: the commits that the CI system names, and the reports that it shows."""

from __future__ import annotations

import time

from envguard.cli.options import FORMATS, ScanOptions
from envguard.cli.scan import emit, exit_code, look, write
from envguard.cli.scan_reports import report
from envguard.cli.session import Session
from envguard.core.finding import Coverage
from envguard.jobs.scan.request import EmptyRangeError, Request, Result
from envguard.jobs.scan.state import repository
from envguard.sources.ci import range_of
from envguard.sources.ci_systems import Pipeline, detect


def scan_ci(session: Session, options: ScanOptions, request: Request) -> int:
    """Scans what the run of a CI system is about. Without --format, standard output gets what its
    log shows best, and --output what it reads from files."""
    pipeline = detect(session.settings.environ)
    if options.since:
        pipeline = pipeline._replace(bases=(options.since,), is_request=True)
    chosen, told = range_of(repository(request), pipeline)
    if told:
        session.say(told)
    started = time.time()
    request = request._replace(chosen=chosen, since=None)
    try:
        result = look(request, session, lambda _: None)
    except EmptyRangeError as error:
        result = _nothing(error)
    if result.tokens is not None:
        from envguard.jobs.scan.verified import verified

        result = verified(result)
    for form, output in _reports(options, pipeline):
        if form in FORMATS:
            write(session, result, form, output)
        else:
            emit(session, report(session, request, result, form, started), output)
    return exit_code(result, exit_zero=options.exit_zero)


def _reports(options: ScanOptions, pipeline: Pipeline) -> list[tuple[str, str | None]]:
    """Each format with the file that it goes to; None is standard output."""
    if options.format is not None:
        return [(options.format, options.output)]
    if options.output in (None, "-"):
        return [(pipeline.log, None)]
    return [(pipeline.file, options.output), (pipeline.log, None)]


def _nothing(error: EmptyRangeError) -> Result:
    """A branch that begins at a known commit, and one that goes back to it, bring nothing."""
    coverage = Coverage()
    coverage.notes.append(f"{error.what}: nothing is new")
    return Result((), coverage)
