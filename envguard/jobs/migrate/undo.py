"""Takes a migration back: the files from their encrypted backups, then the backend."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from envguard.backends import registry
from envguard.core.backend import Backend
from envguard.core.config import Config, Settings
from envguard.core.errors import BackendError, NotFoundError, UsageError
from envguard.core.files import TEMPORARY_PREFIX, sweep, write_atomically
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.jobs.migrate import besides, journals, resume, written
from envguard.jobs.migrate.besides import content
from envguard.jobs.migrate.carry import Opener, in_words
from envguard.jobs.migrate.journals import Journal
from envguard.journal.backup import Backup
from envguard.journal.record import Record, RecordedFile, Standing, State
from envguard.journal.records import Records


@dataclass(frozen=True, slots=True)
class Undone:
    """What a rollback did. `files` are as they were before the migration. `beside` are those that
    had been changed since and are kept, each with the place where its old content was put. The
    names `taken_back` are in the backend as they were; `remains` says why each other one is not.
    `given` are the configuration, .gitignore and examples that are as they were, too; `stays` says
    why each other one that the migration wrote is not."""

    files: tuple[Path, ...]
    beside: tuple[tuple[Path, Path], ...]
    taken_back: tuple[str, ...]
    remains: tuple[str, ...]
    given: tuple[Path, ...] = ()
    stays: tuple[str, ...] = ()


def rollback(
    migration: str, settings: Settings, open_backend: Opener = registry.open_backend
) -> Undone:
    """Puts each file back byte for byte where it still is as the migration left it, otherwise the
    old content beside it; then undoes each write of the backend that nobody has changed since.

    Safe to repeat. Raises NotFoundError for an unknown migration, BackendError for a damaged
    backup, another key or a backend that fails, UsageError where the file system refuses.
    """
    Records(journals.folder(settings)).load(migration)
    with journals.alone(settings):
        return _undone(migration, settings, open_backend)


def _undone(migration: str, settings: Settings, open_backend: Opener) -> Undone:
    record = Records(journals.folder(settings)).load(migration)
    kept = journals.journal_of(record, settings)
    backups = kept.load_files(record)
    files, beside = [], []
    for file in record.files:
        sweep(file.path.parent)
        other = _give_back(file, backups[file.path], kept, migration)
        if other is None:
            files.append(file.path)
        else:
            beside.append((file.path, other))
    config = journals.as_named(record, Config(root=record.root, project_id=record.project))
    origin = None if record.origin is None else open_backend(record.origin, config, settings)
    backend = open_backend(record.backend, config, settings)
    taken_back, remains = written.undo(
        record,
        backend,
        _needed(record, settings),
        lambda: _values(record, backups, settings, origin),
    )
    given: list[Path] = []
    stays: list[str] = []
    if record.state is not State.ROLLED_BACK and not beside and not remains:
        with in_words([file.path for file in record.files]):
            given, stays = besides.give_back(record, kept, _others(record, settings), backend)
        journals.tell(journals.ROLLBACK, record, settings)
        kept.records.save(record.advanced(State.ROLLED_BACK))
    return Undone(
        tuple(files),
        tuple(beside),
        tuple(taken_back),
        tuple(remains),
        tuple(given),
        tuple(stays),
    )


def _others(record: Record, settings: Settings) -> list[Record]:
    """The other migrations that were not taken back."""
    return [
        other
        for other in migrations(settings)[0]
        if other.id != record.id and other.state is not State.ROLLED_BACK
    ]


def migrations(settings: Settings) -> tuple[list[Record], list[str]]:
    """Every migration of this user that is not forgotten, oldest first; and the ids of those
    whose record is damaged."""
    records = Records(journals.folder(settings))
    sound: list[Record] = []
    damaged: list[str] = []
    for migration in records.list():
        try:
            sound.append(records.load(migration))
        except (BackendError, NotFoundError):
            damaged.append(migration)
    return sound, damaged


def unfinished(settings: Settings) -> list[Record]:
    """The migrations that can be resumed, oldest first."""
    ended = (State.DONE, State.ROLLED_BACK)
    return [record for record in migrations(settings)[0] if record.state not in ended]


def _values(
    record: Record, backups: Mapping[Path, Backup], settings: Settings, origin: Backend | None
) -> dict[str, Secret]:
    """The values that the migration wrote, by name."""
    contents = {path: backup.content for path, backup in backups.items()}
    values = resume.of_files(record, contents, settings.environ)
    return values if origin is None else resume.of_origin(record, origin)


def _give_back(file: RecordedFile, backup: Backup, kept: Journal, migration: str) -> Path | None:
    """Puts one file back; where it has changed since, the old content beside it: that path."""
    try:
        standing = kept.records.standing(file, content(file.path))
        if standing is Standing.CHANGED:
            # Ignored by git like our temporaries, and never swept: its name is longer.
            beside = file.path.with_name(f"{TEMPORARY_PREFIX}{migration}-{file.path.name[1:]}")
            write_atomically(beside, backup.content, mode=0o600)
            return beside
        if content(file.path) != backup.content:
            write_atomically(file.path, backup.content, mode=backup.mode)
        return None
    except OSError as error:
        raise UsageError(
            f"{printable(str(file.path))} cannot be given back: {error.strerror}",
            f"ls -ld {printable(str(file.path.parent))}; the backup stays where it is",
        ) from None


def _needed(record: Record, settings: Settings) -> dict[str, str]:
    """The names that must stay, each with the file that refers to it: a file of this migration
    that is kept, or, where the name is new, one of another migration into the same backend. (A
    name with an older version gives the others what they had before.)"""
    others = [r for r in migrations(settings)[0] if r.id != record.id]
    same = [r for r in others if (r.backend, r.project) == (record.backend, record.project)]
    names = {write.name for write in record.writes}
    new = {write.name for write in record.writes if write.held is None}
    needed: dict[str, str] = {}
    for migration in (record, *same):
        bound = names if migration is record else new
        for file in migration.files:
            text = (content(file.path) or b"").decode("utf-8", "replace")
            for step in file.steps:
                if step.reference.name in bound and _refers(text, str(step.reference)):
                    needed[step.reference.name] = f"{printable(str(file.path))} still refers to it"
    return needed


def _refers(text: str, reference: str) -> bool:
    """Whether a text holds a reference, and not only one that begins like it."""
    return re.search(re.escape(reference) + r"(?![^\s#@\"'])", text) is not None
