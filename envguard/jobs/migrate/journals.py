"""Where migrations are written down, and under which key."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from envguard.backends.local import SCHEME, LocalBackend, open_local
from envguard.backends.registry import open_backend
from envguard.core.config import Config, Settings
from envguard.core.errors import ConfigError
from envguard.journal.backup import SUFFIX, Backup, Backups, remove
from envguard.journal.record import Record, Records
from envguard.journal.seal import Seal

# The key belongs to a store, not to one of its namespaces: any namespace names it.
_ANY_NAMESPACE = "journal"


class Journal(NamedTuple):
    """The journal of this user under one root key."""

    backups: Backups
    records: Records
    seal: Seal

    def save_files(self, record: Record, contents: dict[Path, bytes]) -> None:
        """Backs every file of a migration up, and reads each backup back."""
        for number, file in enumerate(record.files):
            mode = file.path.stat().st_mode & 0o7777
            self.backups.save(f"{record.id}.{number}", file.path, contents[file.path], mode)

    def load_files(self, record: Record) -> dict[Path, Backup]:
        """What the backups of a migration hold, by path. Raises BackendError for a damaged one."""
        return {
            file.path: self.backups.load(f"{record.id}.{number}")
            for number, file in enumerate(record.files)
        }


def folder(settings: Settings) -> Path:
    """The folder of this user's journal."""
    return settings.folders.data / "journal"


def journal(url: str, settings: Settings, *, create: bool = False) -> Journal:
    """The journal under the root key of the store that a migration goes into; for a target that
    is no store, of the user's own store.

    With `create` the target's store and its key are made where there are none. Raises
    ConfigError where there is no key for another target, BackendError where the key is missing
    or wrong.
    """
    backend = open_backend(url, _outside(), settings) if url.startswith(SCHEME) else None
    if isinstance(backend, LocalBackend):
        key = backend.root_key(create=create).reveal()
    else:
        own = open_local(
            SCHEME, folders=settings.folders, namespace=_ANY_NAMESPACE, environ_key=settings.key
        )
        found = own.find_key()
        if found is None:
            raise ConfigError(
                f"there is no key for the backup that a migration to {url} needs",
                "make the store that holds one: envguard secrets set NAME --backend local:",
            )
        key = found.reveal()
    place = folder(settings)
    return Journal(Backups(place, key), Records(place, key), Seal(key))


def files(migration: str, settings: Settings) -> list[Path]:
    """The files of one migration in the journal: its record and its backups."""
    place = folder(settings)
    record = Records(place).file(migration)
    backups = sorted(place.glob(f"{migration}.*{SUFFIX}"))
    return [file for file in (record, *backups) if file.exists()]


def unrecorded(settings: Settings) -> list[str]:
    """The ids that have a backup and no record: a migration that ended before its first write, or
    one whose record somebody removed. Nothing removes these backups but `forget`."""
    place = folder(settings)
    ids = {backup.stem.rpartition(".")[0] for backup in place.glob(f"*{SUFFIX}")}
    return sorted(ids - {"", *Records(place).list()})


def forget(migration: str, settings: Settings) -> None:
    """Removes the backups and the record of a migration for good; the record last, so that what
    is left of an interrupted one is still known."""
    records = Records(folder(settings))
    records.file(migration)
    for backup in files(migration, settings):
        if backup.suffix == SUFFIX:
            remove(folder(settings), backup.stem)
    records.forget(migration)


def _outside() -> Config:
    return Config(root=Path(), project_id=_ANY_NAMESPACE)
