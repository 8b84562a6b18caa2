"""`envguard migrate`: the plan is shown, then carried out."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from envguard.cli.declare import Globals, Options, flag, many, text, words
from envguard.cli.options import FORMATS
from envguard.cli.session import Session, confirm, start
from envguard.core.config import DEFAULT_ENV_FILE, Config, find
from envguard.core.errors import ExitCode, NotFoundError, UsageError
from envguard.core.plan import Action, Plan
from envguard.core.text import printable
from envguard.jobs.migrate.request import Conflict, Outcome, Request

if TYPE_CHECKING:
    from envguard.detection.detector import Detector

_CONFLICTS = ("ask", "fail", "keep", "overwrite")


class MigrateOptions(Options):
    """`envguard migrate`."""

    words: tuple[str, ...] = words("FILE | list | rollback ID | forget ID", help="A .env file.")
    to: str | None = text("--to", metavar="BACKEND", help="Where to: a URL or alias, as local:.")
    plan: bool = flag("--plan", help="Show what would happen, and change nothing.")
    all: bool = flag("--all", help="Move every value, configuration too.")
    only: tuple[str, ...] = many("--only", metavar="KEY", help="Move these keys.")
    exclude: tuple[str, ...] = many("--exclude", metavar="KEY", help="Leave these keys.")
    on_conflict: str = text(
        "--on-conflict", choices=_CONFLICTS, default="ask", help="Where another value is there."
    )
    alias: str | None = text("--alias", metavar="NAME", help="Write NAME:KEY as references.")
    format: str = text("--format", "-f", choices=FORMATS, default="text", help="How to show.")
    yes: bool = flag("--yes", "-y", help="Do not ask.")


def migrate(given: Globals, options: MigrateOptions) -> int:
    """Plans, shows, asks, applies; or lists, rolls back, forgets."""
    session = start(given)
    verb = options.words[0] if options.words else ""
    if verb in _VERBS and not (session.folder / verb).is_file():
        return _VERBS[verb](session, options)
    from envguard.detection.prepare import standard
    from envguard.jobs.migrate.apply import apply
    from envguard.jobs.migrate.job import plan

    request = _request(session, options)
    detector = standard(session.settings.folders.cache)
    planned = plan(
        request,
        session.config,
        session.profile,
        session.settings,
        detector,
        lambda name: _conflict(options, name),
    )
    _show(session, planned.plan, options.format)
    if options.plan:
        return ExitCode.OK
    # What the example would refuse is known before anything is done.
    _document(session, request, detector, session.config, check=True)
    if not planned.plan.moves:
        session.say("there is nothing to move")
        # After a crash the example may still be missing.
        _document(session, request, detector, session.config)
        return ExitCode.OK
    question = f"move {len(planned.plan.moves)} to {printable(planned.plan.backend)}?"
    if not confirm(question, yes=options.yes):
        raise UsageError("nothing was moved", "answer y, or use --yes")
    outcome = apply(planned, session.config, session.profile, session.settings)
    _tell(session, request, outcome)
    _document(session, request, detector, outcome.config)
    session.say("next: envguard run -- COMMAND; envguard scan --history shows what to rotate")
    return ExitCode.OK


def _request(session: Session, options: MigrateOptions) -> Request:
    if len(options.words) > 1:
        raise UsageError("one .env file at a time", "envguard migrate FILE --to local:")
    file = session.folder / (options.words[0] if options.words else DEFAULT_ENV_FILE)
    if session.globals.config is None:
        _check_project(session, file)
    return Request(
        file=file,
        backend=options.to or session.profile.backend,
        everything=options.all,
        only=options.only,
        exclude=options.exclude,
        alias=options.alias,
    )


def _check_project(session: Session, file: Path) -> None:
    """The references of a .env mean the project that it lies in: this must be it."""
    folder = file.parent.resolve()
    inside = folder.is_relative_to(session.config.root)
    if folder.is_dir() and not (inside and find(folder) == session.config.file):
        raise UsageError(
            f"{printable(str(file))} belongs to another project than {session.config.root}",
            f"cd {shlex.quote(str(folder))} && envguard migrate {shlex.quote(file.name)}",
        )


def _conflict(options: MigrateOptions, name: str) -> Conflict:
    if options.on_conflict != "ask":
        return Conflict(options.on_conflict)
    if confirm(f"the backend holds another value for {printable(name)}: overwrite it?", yes=False):
        return Conflict.OVERWRITE
    return Conflict.FAIL


def _show(session: Session, plan: Plan, format: str) -> None:
    if format == "json":
        steps = [
            {
                "key": step.key,
                "line": step.line,
                "action": step.action.value,
                "reference": str(step.reference) if step.reference else None,
                "reason": step.reason,
                "note": step.note,
            }
            for step in plan.steps
        ]
        print(json.dumps({"schema": 1, "path": plan.path, "backend": plan.backend, "steps": steps}))
        return
    style = session.style()
    width = max((len(printable(step.key)) for step in plan.steps), default=0)
    for step in plan.steps:
        action = style.paint(f"{step.action.value:<4}", _COLOURS[step.action])
        why = "; ".join(text for text in (step.reason, step.note) if text)
        print(f"{action}  {printable(step.key):<{width}}  {step.reference or '-'}  ({why})")


_COLOURS = {Action.MOVE: "bold green", Action.LINK: "green", Action.KEEP: "dim"}


def _document(
    session: Session, request: Request, detector: Detector, config: Config, *, check: bool = False
) -> None:
    """Brings .env.example into step, or only looks whether that can be done."""
    from envguard.jobs.example import example

    done = example(request.file, detector, config.backends, check=check)
    if not check:
        changed = "written" if done.changed else "is in step"
        session.say(f"{printable(done.path.name)} {changed}")


def _tell(session: Session, request: Request, outcome: Outcome) -> None:
    name = printable(request.file.name)
    session.say(f"{outcome.moved} moved, {outcome.linked} were there; {name} holds references")
    for file in outcome.files:
        session.say(f"{printable(file.name)} written")
    session.say(f"undo: envguard migrate rollback {outcome.id}")
    if outcome.tracked:
        session.say(f"git has {name}: git rm --cached {name}")


def _list(session: Session, options: MigrateOptions) -> int:
    from envguard.jobs.migrate.undo import migrations

    found, damaged = migrations(session.settings)
    for migration in damaged:
        session.say(f"the record of {printable(migration)} is damaged")
    if options.format == "json":
        rows = [
            {"id": r.id, "path": str(r.path), "backend": r.backend, "state": r.state.value}
            for r in found
        ]
        print(json.dumps({"schema": 1, "migrations": rows}, indent=2))
        return ExitCode.OK
    for record in found:
        print(f"{record.id}  {record.state.value:<11}  {printable(str(record.path))}")
    return ExitCode.OK


def _rollback(session: Session, options: MigrateOptions) -> int:
    from envguard.jobs.migrate.undo import rollback

    migration = _migration(options)
    done = rollback(migration, session.settings)
    for name in done.overwritten:
        session.say(f"the backend keeps {printable(name)}, an earlier version was there before:")
        session.say(f"  envguard secrets get --reveal {printable(name.rpartition('@')[0])}@VERSION")
    if done.beside is None and done.overwritten:
        session.say(f"{printable(str(done.file))} is as it was")
        return ExitCode.FINDINGS
    if done.beside is None:
        session.say(f"{printable(str(done.file))} is as it was; the backend keeps the values")
        return ExitCode.OK
    session.say(f"{printable(str(done.file))} has changed since, and is kept")
    session.say(f"the old file is beside it: {printable(str(done.beside))}")
    return ExitCode.FINDINGS


def _forget(session: Session, options: MigrateOptions) -> int:
    from envguard.jobs.migrate.undo import forget, known

    migration = _migration(options)
    if not known(migration, session.settings):
        raise NotFoundError(f"there is no migration {migration}", "envguard migrate list")
    if not confirm(f"remove the backup of {migration} for good?", yes=options.yes):
        raise UsageError("the backup was kept", "answer y, or use --yes")
    forget(migration, session.settings)
    session.say("forgotten")
    return ExitCode.OK


def _migration(options: MigrateOptions) -> str:
    if len(options.words) != 2:
        raise UsageError("which migration?", "envguard migrate list shows their ids")
    return options.words[1]


def _resume(_session: Session, _options: MigrateOptions) -> int:
    raise UsageError(
        "a migration is finished by repeating it", "envguard migrate FILE, with the same options"
    )


_VERBS = {"list": _list, "rollback": _rollback, "forget": _forget, "resume": _resume}
