"""Finishes a migration that was interrupted, from its record and its backups."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from envguard.backends import registry
from envguard.core.backend import Backend
from envguard.core.config import Config, Settings, load
from envguard.core.errors import ConfigError, NotFoundError, UsageError
from envguard.core.files import sweep
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.jobs.migrate import carry, readers
from envguard.jobs.migrate.carry import Opener, Work
from envguard.jobs.migrate.journals import alone, as_named, folder, journal_of
from envguard.jobs.migrate.plan import value_of
from envguard.jobs.migrate.request import Outcome, Tell
from envguard.journal.record import Record, State
from envguard.journal.records import Records
from envguard.workspace import trust


def resume(
    migration: str,
    settings: Settings,
    open_backend: Opener = registry.open_backend,
    tell: Tell = lambda _: None,
) -> Outcome | None:
    """Does what is left to do of a migration; None where it was finished before. Safe to repeat.

    Raises NotFoundError for an unknown one, UsageError for one that was rolled back and for a
    file that has changed since, BackendError where the backend has.
    """
    Records(folder(settings)).load(migration)
    with alone(settings):
        record = Records(folder(settings)).load(migration)
        if record.state is State.ROLLED_BACK:
            raise UsageError(
                f"the migration {migration} was rolled back",
                f"migrate again: envguard migrate --to {record.backend}",
            )
        if record.state is State.DONE:
            return None
        config = _config(record)
        trust.require(settings.folders, config, config.profile(_named(record, config)))
        kept = journal_of(record, settings)
        contents = {path: backup.content for path, backup in kept.load_files(record).items()}
        for path in contents:
            sweep(path.parent)
        named = as_named(record, config)
        backend = open_backend(record.backend, named, settings)
        values = of_files(record, contents, settings.environ)
        if record.origin is not None:
            values |= of_origin(record, open_backend(record.origin, named, settings))
        return carry.out(Work(record, kept, backend, config, settings, contents, values, tell))


def of_files(
    record: Record, contents: Mapping[Path, bytes], environ: Mapping[str, str]
) -> dict[str, Secret]:
    """The values that the files had, by the names that the references give them."""
    values: dict[str, Secret] = {}
    for file in record.files if record.origin is None else ():
        if not file.steps:
            continue
        document = readers.reread(file.path, contents[file.path], environ, file.dialect)
        by_line = {entry.line: entry for entry in document.entries}
        for step in file.steps:
            value = value_of(by_line[step.line])
            if value is not None:
                values[step.reference.name] = value
    return values


def of_origin(record: Record, origin: Backend) -> dict[str, Secret]:
    """The values that the backend has from which they are moved, by their new names. Raises
    NotFoundError where one is not there any more."""
    refs = {w.name: origin.locate(w.key) for w in record.writes if w.key is not None}
    found = origin.read(list(refs.values()))
    for name, ref in refs.items():
        if ref not in found:
            raise NotFoundError(
                f"{printable(record.origin or '')} has no {printable(name)} any more",
                f"take the migration back: envguard migrate rollback {record.id}",
            )
    return {name: found[ref] for name, ref in refs.items()}


def _config(record: Record) -> Config:
    config = load(record.root, record.config)
    if config.project_id != record.project:
        raise ConfigError(
            f"{record.config} has another project id than when {record.id} began",
            "put that id back, or take it back: envguard migrate rollback " + record.id,
        )
    return config


def _named(record: Record, config: Config) -> str | None:
    return record.profile if record.profile in config.profiles else None
