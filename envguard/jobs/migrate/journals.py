"""Where migrations are written down, and under which key."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from envguard.backends.local import SCHEME, LocalBackend, open_local, own_store
from envguard.backends.registry import open_backend
from envguard.core.config import Config, Settings
from envguard.core.errors import BackendError, ConfigError, UsageError
from envguard.core.expected import Expected
from envguard.core.files import private_directory
from envguard.journal.backup import SUFFIX, Backup, Backups, remove
from envguard.journal.record import Record
from envguard.journal.records import Records
from envguard.journal.seal import Seal
from envguard.store.keys import VARIABLE, RootKey

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

START, DONE, ROLLBACK = "migrate.start", "migrate.done", "migrate.rollback"
"""Actions in the trail."""

_PATIENCE = 15.0
_PAUSE = 0.05
"""Seconds that another migration may take, and between two looks whether it has ended."""

# The key belongs to a store, not to one of its namespaces: any namespace names it.
_ANY_NAMESPACE = "journal"


class Journal(NamedTuple):
    """The journal of this user under one root key; `key` is its id."""

    backups: Backups
    records: Records
    seal: Seal
    key: str

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

    With `create` that store and its key are made where there are none. Raises ConfigError where
    there is no key for another target, BackendError where the key is missing or wrong.
    """
    backend = open_backend(url, _outside(), settings) if url.startswith(SCHEME) else None
    if isinstance(backend, LocalBackend):
        return _under(backend.root_key(create=create), settings)
    own = _own(settings)
    found = own.find_key() or (own.root_key(create=True) if create else None)
    if found is None:
        raise ConfigError(
            f"there is no key that opens the backups of migrations to {url}",
            f"put a copy of it back: {own.key.file}",
        )
    return _under(found, settings)


def journal_of(record: Record, settings: Settings) -> Journal:
    """The journal under the key that a migration was written down with, be that retired by now.
    Raises BackendError where it was forgotten, otherwise as `journal`."""
    found = journal(record.backend, settings)
    if _fits(found, record):
        return found
    url = record.backend
    backend = open_backend(url, _outside(), settings) if url.startswith(SCHEME) else None
    store = backend if isinstance(backend, LocalBackend) else _own(settings)
    earlier = (_under(key, settings) for key in store.root_keys())
    right = next((journal for journal in earlier if _fits(journal, record)), None)
    if right is None:
        key = f"the key {record.key}" if record.key else "an earlier key"
        raise BackendError(
            f"what was kept of {record.id} opens by {key}, which is not here any more",
            f"with a copy of it: {VARIABLE}=KEY envguard migrate rollback {record.id}",
        )
    return right


def as_named(record: Record, config: Config) -> Config:
    """The configuration in which the backends of a migration call keys as they did when it began.
    (Records of the first version do not say how.)"""
    if not record.naming:
        return config
    names = {key: name for one in record.naming.values() for key, name in one.names.items()}
    secrets = {key: Expected(name=name) for key, name in names.items()}
    return config._replace(naming=record.naming, secrets=secrets)


def tell(action: str, record: Record, settings: Settings) -> None:
    """Writes a line of the trail: of the store that a migration goes into, or for another target
    of the user's own store, where there is one. Raises BackendError."""
    config = Config(root=record.root, project_id=record.project)
    url = record.backend
    backend = open_backend(url, config, settings) if url.startswith(SCHEME) else None
    store = backend if isinstance(backend, LocalBackend) else own_store(settings, record.project)
    names = dict.fromkeys(write.name for write in record.writes)
    store.record(action, names, f"{record.id} to {url.partition(':')[0]}:")


def _own(settings: Settings) -> LocalBackend:
    return open_local(SCHEME, settings, namespace=_ANY_NAMESPACE)


def _under(key: RootKey, settings: Settings) -> Journal:
    place, root = folder(settings), key.reveal()
    return Journal(Backups(place, root), Records(place, root), Seal(root), key.id)


def _fits(journal: Journal, record: Record) -> bool:
    """Whether a migration was written down under the key of this journal."""
    if record.key:
        return record.key == journal.key
    # Records of the first version do not say; each backup does.
    made = [info for info in journal.backups.list() if info.id.startswith(f"{record.id}.")]
    return all(info.key_id in ("", journal.backups.key_id) for info in made)


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Keeps this user's other migrations out while one changes something: they wait, and then see
    what it has done. Raises UsageError where that takes too long."""
    lock = private_directory(settings.folders.data) / "migrate.lock"
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        until = time.monotonic() + _PATIENCE
        while not _locked(descriptor):
            if time.monotonic() > until:
                raise UsageError(
                    "another migration is under way", "wait until it has ended, then repeat this"
                )
            time.sleep(_PAUSE)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Whether the lock is ours now. The system gives it back when the process ends."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.EDEADLK):
            return False
        raise
    return True


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
