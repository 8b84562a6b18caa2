"""Gives a migrated .env back, from its encrypted backup."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from envguard.core.config import Settings
from envguard.core.errors import BackendError, NotFoundError, UsageError
from envguard.core.files import TEMPORARY_PREFIX, sweep, write_atomically
from envguard.core.text import printable
from envguard.jobs.migrate.journals import folder, journal
from envguard.journal import backup as backups
from envguard.journal.record import Record, Records, Standing, State


@dataclass(frozen=True, slots=True)
class Undone:
    """What a rollback did. `beside` is where the old content was put, because the .env had been
    changed since and is kept; None: the .env itself is as it was before the migration."""

    file: Path
    beside: Path | None
    overwritten: tuple[str, ...] = ()
    """Names whose value in the backend was another one before the migration, with the version
    that it then wrote: `NAME@2`. The backend is left as it is."""


def rollback(migration: str, settings: Settings) -> Undone:
    """Puts the .env back byte for byte where it still is as the migration left it; otherwise
    writes the old content beside it. The backend keeps the values.

    Raises NotFoundError for an unknown migration, BackendError for a damaged backup or another
    key, UsageError where the file system refuses.
    """
    record = Records(folder(settings)).load(migration)
    kept, records = journal(record.backend, settings)
    backup = kept.load(migration)
    sweep(record.path.parent)
    try:
        standing = records.standing(record, _content(record.path))
        if standing is Standing.CHANGED:
            # Ignored by git like our temporaries, and never swept: its name is longer.
            beside = record.path.with_name(f"{TEMPORARY_PREFIX}{migration}")
            write_atomically(beside, backup.content, mode=0o600)
            return Undone(record.path, beside, _overwritten(record))
        if standing is not Standing.BEFORE:
            write_atomically(record.path, backup.content, mode=backup.mode)
    except OSError as error:
        raise UsageError(
            f"{printable(str(record.path))} cannot be given back: {error.strerror}",
            f"ls -ld {printable(str(record.path.parent))}; the backup stays where it is",
        ) from None
    if record.state is not State.ROLLED_BACK:
        records.save(record.advanced(State.ROLLED_BACK))
    return Undone(record.path, None, _overwritten(record))


def migrations(settings: Settings) -> tuple[list[Record], list[str]]:
    """Every migration of this user that is not forgotten, oldest first; and the ids of those
    whose record is damaged."""
    records = Records(folder(settings))
    sound: list[Record] = []
    damaged: list[str] = []
    for migration in records.list():
        try:
            sound.append(records.load(migration))
        except (BackendError, NotFoundError):
            damaged.append(migration)
    return sound, damaged


def known(migration: str, settings: Settings) -> bool:
    """Whether there is a record or a backup of this migration, sound or not."""
    place = folder(settings)
    files = (Records(place).file(migration), place / f"{migration}{backups.SUFFIX}")
    return any(file.exists() for file in files)


def forget(migration: str, settings: Settings) -> None:
    """Removes the backup and the record of a migration for good."""
    backups.remove(folder(settings), migration)
    Records(folder(settings)).forget(migration)


def _overwritten(record: Record) -> tuple[str, ...]:
    return tuple(
        f"{step.reference.name}@{step.version}"
        for step in record.steps
        if step.reference is not None and step.version not in (None, "1")
    )


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
