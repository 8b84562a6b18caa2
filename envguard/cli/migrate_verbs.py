"""`envguard migrate list|resume|rollback|forget`, and what is told when a migration has ended."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from envguard.cli import streams
from envguard.cli.session import Session, confirm
from envguard.core.config import DEFAULT_DIALECT, Config
from envguard.core.errors import EnvguardError, ExitCode, NotFoundError, UsageError
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.jobs.migrate.request import FileOutcome, Outcome

if TYPE_CHECKING:
    from envguard.cli.migrate import MigrateOptions
    from envguard.detection.detector import Detector


@contextmanager
def explained(session: Session, migration: str) -> Iterator[None]:
    """Where a migration is broken off after it began, says how to go on."""
    try:
        yield
    except (KeyboardInterrupt, EnvguardError) as error:
        from envguard.jobs.migrate.journals import files

        if files(migration, session.settings) and _can_go_on(session, migration):
            session.say(f"to finish it: envguard migrate resume {migration}")
            session.say(f"to take it back: envguard migrate rollback {migration}")
        elif isinstance(error, KeyboardInterrupt):
            session.say("nothing was begun: everything is as it was")
        raise


def _can_go_on(session: Session, migration: str) -> bool:
    from envguard.jobs.migrate.undo import migrations
    from envguard.journal.record import State

    ended = {r.id for r in migrations(session.settings)[0] if r.state is State.ROLLED_BACK}
    return migration not in ended


def tell_file(session: Session, file: FileOutcome, count: int) -> None:
    """Says what became of one file of several, as soon as it is done."""
    if count > 1:
        session.say(f"{_shown(session, file.path)}: {file.moved} moved, {file.linked} were there")


def tell_end(
    session: Session,
    options: MigrateOptions,
    outcome: Outcome,
    detector: Detector,
    remains: Sequence[str] = (),
) -> int:
    """Brings the examples into step, and says what was done and what remains; the exit code."""
    from envguard.jobs.migrate.carry import finish

    files = [file.path for file in outcome.files]
    read = [(file.path, file.dialect) for file in outcome.files]
    linked = sum(file.linked for file in outcome.files)
    what = "the files hold" if len(files) != 1 else f"{printable(files[0].name)} holds"
    told = f"; {what} references" if files else ""
    session.say(f"{outcome.moved} moved, {linked} were there{told}")
    for path in outcome.written:
        session.say(f"{printable(path.name)} written")
    document(session, read, detector, outcome.config)
    finish(outcome.id, session.settings)
    code = tell_remains(session, options, files, outcome.values, detector, remains)
    session.say(f"undo: envguard migrate rollback {outcome.id}")
    session.say(f"next: envguard {_next(session, outcome)}")
    return code


def _next(session: Session, outcome: Outcome) -> str:
    """The call of `run` that reads what was migrated; `run` alone reads the profile's files."""
    config, files = outcome.config, [file.path.resolve() for file in outcome.files]
    profiles = (session.profile, *config.profiles.values())
    dialect = outcome.files[0].dialect if outcome.files else DEFAULT_DIALECT
    for profile in profiles:
        own = {(config.root / name).resolve() for name in profile.env_files}
        if not files or own.intersection(files):
            other = profile.name != session.profile.name
            chosen = f"--profile {shlex.quote(profile.name)} " if other else ""
            if dialect != profile.dialect:
                where = f'write dialect = "{dialect}" under [profiles.{profile.name}]'
                return f"run {chosen}--dialect {dialect} -- COMMAND; or {where}, and leave it out"
            return f"run {chosen}-- COMMAND"
    name = os.path.relpath(files[0], session.folder.resolve())
    read = "" if dialect == session.profile.dialect else f" --dialect {dialect}"
    return f"run --env-file {printable(shlex.quote(name))}{read} -- COMMAND"


def tell_remains(
    session: Session,
    options: MigrateOptions,
    files: Sequence[Path],
    moved: Mapping[str, Secret],
    detector: Detector,
    remains: Sequence[str],
) -> int:
    """Says where the moved values still stand, and what else is left to do."""
    from envguard.jobs.migrate import checklist
    from envguard.jobs.migrate.aftercare import aftercare

    found = aftercare(files, moved, detector, remains, folder=session.folder)
    for line in checklist.render(found).splitlines():
        if found.staged:
            streams.say(line)
        else:
            session.say(line)
    if options.checklist is not None:
        checklist.write(found, session.folder / options.checklist)
    return found.exit_code


def document(
    session: Session,
    files: Sequence[tuple[Path, str]],
    detector: Detector,
    config: Config,
    *,
    check: bool = False,
) -> None:
    """Brings the .env.example of each file, with its dialect, into step, or only looks whether
    that can be done."""
    from envguard.envfile.origins import is_yaml
    from envguard.jobs.example import example

    for file, dialect in files:
        if is_yaml(file):
            continue
        done = example(file, detector, config.backends, check=check, dialect=dialect)
        if not check:
            changed = "written" if done.changed else "is in step"
            session.say(f"{_shown(session, done.path)} {changed}")


def _shown(session: Session, path: Path) -> str:
    from envguard.jobs.migrate.plan import shown

    return printable(shown(path, session.config))


def _shown_in(session: Session, path: Path) -> str:
    """A path as it is typed here."""
    return printable(os.path.relpath(path, session.folder.resolve()))


def _list(session: Session, options: MigrateOptions) -> int:
    from envguard.jobs.migrate.journals import unrecorded
    from envguard.jobs.migrate.undo import migrations
    from envguard.journal.record import State

    found, damaged = migrations(session.settings)
    for migration in damaged:
        session.say(f"the record of {printable(migration)} is damaged")
    for migration in unrecorded(session.settings):
        session.say(f"{printable(migration)} has a backup and no record: it ended as it began")
    if options.format == "json":
        rows = [
            {
                "id": r.id,
                "paths": [str(file.path) for file in r.files],
                "backend": r.backend,
                "from": r.origin,
                "state": r.state.value,
            }
            for r in found
        ]
        print(json.dumps({"schema": 1, "migrations": rows}, indent=2))
        return ExitCode.OK
    for record in found:
        paths = [printable(str(file.path)) for file in record.files] or [record.origin or ""]
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        print(f"{record.id}  {record.state.value:<11}  {paths[0]}{more}")
    for record in found:
        if record.state not in (State.DONE, State.ROLLED_BACK):
            session.say(f"to finish it: envguard migrate resume {record.id}")
    return ExitCode.OK


def _resume(session: Session, options: MigrateOptions) -> int:
    from envguard.detection.prepare import standard
    from envguard.jobs.migrate.resume import resume

    migration = _unfinished(session, options)
    with explained(session, migration):
        outcome = resume(migration, session.settings, tell=lambda file: tell_file(session, file, 2))
        if outcome is None:
            session.say(f"{migration} was finished before")
            return ExitCode.OK
        detector = standard(session.settings.folders.cache)
        return tell_end(session, options, outcome, detector)


def _unfinished(session: Session, options: MigrateOptions) -> str:
    """The migration that is meant: the one that is named, or the only one that can be."""
    from envguard.jobs.migrate.undo import unfinished

    if len(options.words) > 1:
        return _migration(options)
    found = [record.id for record in unfinished(session.settings)]
    if not found:
        raise NotFoundError("no migration was interrupted", "envguard migrate list")
    if len(found) > 1:
        raise UsageError(
            f"several were interrupted: {', '.join(found)}", "envguard migrate resume ID"
        )
    return found[0]


def _rollback(session: Session, options: MigrateOptions) -> int:
    from envguard.jobs.migrate.undo import rollback

    done = rollback(_migration(options), session.settings)
    for file in done.files:
        if session.globals.verbose or len(done.files) == 1:
            session.say(f"{printable(str(file))} is as it was")
    if len(done.files) > 1:
        session.say(f"{len(done.files)} files are as they were")
    if done.taken_back:
        session.say(f"the backend is as it was, for {len(done.taken_back)} names")
    for kept, beside in done.beside:
        session.say(f"{printable(str(kept))} has changed since, and is kept")
        session.say(f"the old file is beside it: {printable(str(beside))}")
    if done.given:
        names = ", ".join(_shown_in(session, path) for path in done.given)
        session.say(f"as before, or removed again: {names}")
    if any(path.name == ".gitignore" for path in done.given):
        session.say("look at `git status`: the files hold their values again")
    for sentence in (*done.remains, *done.stays):
        session.say(sentence)
    return ExitCode.FINDINGS if done.beside or done.remains else ExitCode.OK


def _forget(session: Session, options: MigrateOptions) -> int:
    from envguard.jobs.migrate.journals import files, forget

    migration = _migration(options)
    if not files(migration, session.settings):
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


VERBS: Mapping[str, Callable[[Session, MigrateOptions], int]] = {
    "list": _list,
    "resume": _resume,
    "rollback": _rollback,
    "forget": _forget,
}
"""What the first word can be, where it is no file."""
