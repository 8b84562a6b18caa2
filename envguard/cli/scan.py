"""`envguard scan`: from options to a request, from a result to a report and an exit code."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from envguard.cli.declare import Globals
from envguard.cli.options import FORMATS, ScanOptions
from envguard.cli.progress import Progress
from envguard.cli.session import Session, start
from envguard.core.errors import ExitCode, UsageError
from envguard.core.finding import Coverage
from envguard.core.rule import Confidence
from envguard.jobs.scan.request import Mode, Request, Result

if TYPE_CHECKING:
    from envguard.jobs.scan.held import Known

_MOST_WORKERS = 64
_MOST_PATHS = {Mode.STAGED: 0, Mode.STDIN: 0, Mode.HISTORY: 1, Mode.RANGE: 1}


def scan(given: Globals, options: ScanOptions) -> int:
    """Scans, reports, and returns 0 (clean), 1 (findings), 2 (incomplete) or 130 (interrupted)."""
    session = start(given)
    request = _request(options, session)
    form = options.format or "text"
    if options.explain is not None:
        from envguard.cli.scan_explain import explain

        return explain(options.explain, request, session, form, options.output)
    if options.ci:
        from envguard.cli.scan_ci import scan_ci

        return scan_ci(session, options, request)
    started = time.time()
    with Progress(session) as progress:
        result = look(request, session, progress.show)
    if request.verify and not result.interrupted:
        from envguard.jobs.scan.verified import verified

        result = verified(result)
    if form in FORMATS:
        write(session, result, form, options.output)
    else:
        from envguard.cli.scan_reports import report

        emit(session, report(session, request, result, form, started), options.output)
    return exit_code(result, exit_zero=options.exit_zero)


def look(request: Request, session: Session, progress: Callable[[Coverage], None]) -> Result:
    """Carries a request out; each mode is imported when it is used."""
    match request.mode:
        case Mode.TREE:
            from envguard.jobs.scan.tree import scan as job
        case Mode.STAGED:
            from envguard.jobs.scan.staged import scan as job
        case Mode.HISTORY:
            from envguard.jobs.scan.history import scan as job
        case Mode.RANGE:
            from envguard.jobs.scan.commits import scan as job
        case Mode.STDIN:
            from envguard.jobs.scan.stdin import scan as job
    return job(request, session.config, session.settings.folders, progress)


def exit_code(result: Result, *, exit_zero: bool = False) -> int:
    """Incomplete outranks findings, and only findings can be waved through."""
    if result.interrupted:
        return ExitCode.INTERRUPTED
    if not result.coverage.complete:
        return ExitCode.USAGE
    return ExitCode.FINDINGS if result.findings and not exit_zero else ExitCode.OK


def write(session: Session, result: Result, format: str, output: str | None) -> None:
    """Writes a report that people or scripts read to a file, or to standard output."""
    emit(session, _report(session, result, format, to_file=output not in (None, "-")), output)


def emit(session: Session, report: str, output: str | None) -> None:
    """Writes a text to the file that `--output` names, or to standard output."""
    if output in (None, "-"):
        sys.stdout.write(report)
        return
    from envguard.core.files import write_atomically

    file = session.folder / str(output)
    try:
        write_atomically(file, report.encode("utf-8", "backslashreplace"), mode=0o644)
    except OSError as error:
        raise UsageError(
            f"the report cannot be written to {file}: {error.strerror}", "check --output"
        ) from None


def _report(session: Session, result: Result, format: str, *, to_file: bool) -> str:
    if format == "json":
        from envguard.reports.json import render as render_json

        return render_json(result.findings, result.coverage)
    from envguard.reports.style import Style
    from envguard.reports.text import render

    style = Style() if to_file else session.style()
    return render(result.findings, result.coverage, style=style, verbose=session.globals.verbose)


def _request(options: ScanOptions, session: Session) -> Request:
    chosen = {
        Mode.STAGED: options.staged,
        Mode.HISTORY: options.history,
        Mode.RANGE: options.range is not None or options.since is not None or options.ci,
        Mode.STDIN: options.stdin,
    }
    modes = [mode for mode, given in chosen.items() if given]
    if len(modes) > 1 or (options.range is not None and (options.since is not None or options.ci)):
        raise UsageError(
            "a scan looks at one thing: --staged, --history, --range, --since, --ci or --stdin",
            "choose one of them",
        )
    if options.accept_markers and not options.ci:
        raise UsageError("--accept-markers is about what --ci refuses", "use it with --ci")
    if options.path is not None and not options.stdin:
        raise UsageError("--path names standard input", "use it with --stdin")
    if options.trust and not options.known:
        raise UsageError("--trust is about what --known reads", "use it with --known")
    mode = modes[0] if modes else Mode.TREE
    if len(options.paths) > _MOST_PATHS.get(mode, len(options.paths)):
        raise UsageError(f"--{mode.value} takes no such paths", "leave the paths out")
    confidence = options.min_confidence
    return Request(
        mode=mode,
        folder=session.folder,
        paths=tuple(session.folder / Path(path) for path in options.paths),
        range=options.range,
        since=options.since,
        stdin=sys.stdin.buffer if options.stdin else None,
        name=options.path or "stdin",
        ignored=options.ignored,
        exclude=options.exclude,
        rules=tuple(session.folder / rule for rule in options.rules),
        minimum=Confidence[confidence.upper()] if confidence else None,
        cache=not options.no_cache,
        workers=_workers(options.workers),
        fingerprints=options.format not in (None, "text")
        or options.ci
        or options.verify
        or options.explain is not None,
        known=_known(session, trusted=options.trust) if options.known else None,
        verify=options.verify,
        markers=not options.ci or options.accept_markers,
        baseline=session.folder / options.baseline if options.baseline is not None else None,
        baselined=not options.no_baseline and options.explain is None,
    )


def _known(session: Session, *, trusted: bool) -> Known:
    # Few scans ask for it, and it needs all that `run` needs.
    from envguard.jobs.scan.held import hold

    return hold(session.config, session.profile, session.settings, trusted=trusted)


def _workers(given: str | None) -> int | None:
    if given is None:
        return None
    # `int` takes more: blanks, signs, other scripts' digits.
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= _MOST_WORKERS):
        raise UsageError(
            f"--workers is a number from 1 to {_MOST_WORKERS}, not {given!r}", "such as --workers 4"
        )
    return int(given)
