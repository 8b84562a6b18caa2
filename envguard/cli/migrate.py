"""`envguard migrate`: the plan is shown, then carried out."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from envguard.cli.declare import Globals, flag, many, text, words
from envguard.cli.migrate_ask import answers
from envguard.cli.migrate_verbs import (
    VERBS,
    document,
    explained,
    tell_end,
    tell_file,
    tell_remains,
)
from envguard.cli.options import FORMATS, DialectOptions
from envguard.cli.session import Session, confirm, start
from envguard.core.config import DEFAULT_ENV_FILE, find
from envguard.core.errors import ExitCode, UsageError
from envguard.core.text import printable
from envguard.jobs.migrate.request import Planned, Request

if TYPE_CHECKING:
    from envguard.detection.detector import Detector

_CONFLICTS = ("ask", "fail", "keep", "overwrite")


class MigrateOptions(DialectOptions):
    """`envguard migrate`."""

    words: tuple[str, ...] = words(
        "FILE… | list | resume [ID] | rollback ID | forget ID", help=".env files; else .env."
    )
    to: str | None = text("--to", metavar="BACKEND", help="Where to: a URL or alias, as local:.")
    origin: str | None = text(
        "--from", metavar="BACKEND", help="Move what this backend holds; FILEs only follow."
    )
    plan: bool = flag("--plan", help="Show what would happen, and change nothing.")
    plan_file: str | None = text(
        "--plan-file", metavar="FILE", help="Apply this plan (--plan --format json), if it holds."
    )
    all: bool = flag("--all", help="Move every value, configuration too.")
    only: tuple[str, ...] = many("--only", metavar="KEY", help="Move these keys.")
    exclude: tuple[str, ...] = many("--exclude", metavar="KEY", help="Leave these keys.")
    share: bool = flag("--share", help="Keep equal values of several files as one secret.")
    no_share: bool = flag("--no-share", help="Keep them apart; else shared where the key is one.")
    on_conflict: str = text(
        "--on-conflict", choices=_CONFLICTS, default="ask", help="Where another value is there."
    )
    alias: str | None = text("--alias", metavar="NAME", help="Write NAME:KEY as references.")
    checklist: str | None = text(
        "--checklist", metavar="FILE", help="Write what remains to be done to FILE."
    )
    format: str = text("--format", "-f", choices=FORMATS, default="text", help="How to show.")
    yes: bool = flag("--yes", "-y", help="Do not ask.")


def migrate(given: Globals, options: MigrateOptions) -> int:
    """Plans, shows, asks, applies; or lists, resumes, rolls back, forgets."""
    session = start(given)
    verb = options.words[0] if options.words else ""
    if verb in VERBS and not (session.folder / verb).is_file():
        return VERBS[verb](session, options)
    from envguard.detection.prepare import standard

    detector = standard(session.settings.folders.cache)
    planned = _plan(session, options, detector)
    _show(session, options, planned)
    if options.plan:
        return ExitCode.OK
    files = [Path(file.path) for file in planned.plan.files]
    read = [(Path(file.path), file.dialect) for file in planned.plan.files]
    # What the example would refuse is known before anything is done.
    document(session, read, detector, session.config, check=True)
    count = len(planned.plan.moves)
    if not count:
        session.say("there is nothing to move")
        # After a crash the example may still be missing.
        document(session, read, detector, session.config)
        return tell_remains(session, options, files, {}, detector, planned.remains)
    if not confirm(f"move {count} to {printable(planned.plan.backend)}?", yes=options.yes):
        raise UsageError("nothing was moved", "answer y, or use --yes")
    return _apply(session, options, planned, detector)


def _plan(session: Session, options: MigrateOptions, detector: Detector) -> Planned:
    from envguard.jobs.migrate import job

    if options.plan_file is not None:
        if options.words or options.plan:
            raise UsageError("a plan names its files itself", "envguard migrate --plan-file FILE")
        name = printable(options.plan_file)
        try:
            content = (session.folder / options.plan_file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise UsageError(f"{name} cannot be read", f"ls -l {shlex.quote(name)}") from None
        return job.from_json(content, name, session.config, session.profile, session.settings)
    request = _request(session, options)
    asked = answers(options, sys.stdin.isatty() and sys.stderr.isatty())
    return job.plan(request, session.config, session.profile, session.settings, detector, asked)


def _request(session: Session, options: MigrateOptions) -> Request:
    from envguard.jobs.migrate.job import target

    if options.share and options.no_share:
        raise UsageError("--share and --no-share exclude each other", "give one of them")
    names: Sequence[str] = options.words or (DEFAULT_ENV_FILE,)
    if options.origin is not None and not options.words:
        own = session.profile.env_files
        names = [name for name in own if (session.config.root / name).is_file()]
    base = session.config.root if options.origin and not options.words else session.folder
    files = [base / name for name in names]
    if session.globals.config is None:
        for file in files:
            _check_project(session, file)
    request = Request(
        files=tuple(files),
        backend="",
        everything=options.all,
        only=options.only,
        exclude=options.exclude,
        alias=options.alias,
        origin=options.origin,
        fixed=bool(session.globals.profile or session.settings.profile),
        apart=options.on_conflict == "ask",
        dialect=options.dialect,
    )
    if options.origin is not None and options.to is None:
        raise UsageError("where to?", f"envguard migrate --from {options.origin} --to BACKEND")
    to = options.to or target(request, session.config, session.profile)
    return replace(request, backend=to)


def _check_project(session: Session, file: Path) -> None:
    """The references of a .env mean the project that it lies in: this must be it."""
    if file.is_dir():
        example = shlex.quote(str(Path(os.path.relpath(file, session.folder)) / DEFAULT_ENV_FILE))
        raise UsageError(
            f"{printable(str(file))} is a folder",
            f"name the file in it: envguard migrate {printable(example)}",
        )
    folder = file.parent.resolve()
    config = session.config
    found = find(folder)
    if config.file is None and found is not None and found.parent == config.root:
        raise UsageError(
            f"{printable(str(found))} was written just now, by another command",
            "type the same command again",
        )
    if folder.is_dir() and not (folder.is_relative_to(config.root) and found == config.file):
        raise UsageError(
            f"{printable(str(file))} belongs to another project than {config.root}",
            f"cd {shlex.quote(str(folder))} && envguard migrate {shlex.quote(file.name)}",
        )


def _show(session: Session, options: MigrateOptions, planned: Planned) -> None:
    if options.format == "json":
        from envguard.jobs.migrate.job import to_json

        print(json.dumps(to_json(planned, session.config, session.settings), indent=2))
        return
    from envguard.jobs.migrate.plan import shown
    from envguard.reports.plan import render

    names = {f.path: shown(Path(f.path), session.config) for f in planned.plan.files}
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 80
    for line in render(planned.plan, names, session.style(), max(width, 60)):
        print(line)


def _apply(session: Session, options: MigrateOptions, planned: Planned, detector: Detector) -> int:
    from envguard.jobs.migrate.apply import apply

    with explained(session, planned.plan.id):
        outcome = apply(
            planned,
            session.config,
            session.profile,
            session.settings,
            tell=lambda file: tell_file(session, file, len(planned.plan.files)),
        )
        return tell_end(session, options, outcome, detector, planned.remains)
