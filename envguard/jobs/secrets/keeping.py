"""The embedded store as a whole: its key, its backups."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from envguard.backends.local import LocalBackend
from envguard.core import age
from envguard.core.actor import Actor
from envguard.core.backend import Backend
from envguard.core.config import Settings
from envguard.core.errors import UsageError
from envguard.core.secret import Secret
from envguard.jobs.secrets.place import store_of
from envguard.journal.backup import Backups
from envguard.store import backup, restore, rotation
from envguard.store.creation import create_key_file, create_store, keep_key_file
from envguard.store.database import present
from envguard.store.keys import KEY_FILE, KEYRING, PREFIX, RootKey, parse_key
from envguard.store.passphrase import wrap


class Kept(NamedTuple):
    """Where the key of a store is: its id, its home, and the file, where that is its home."""

    id: str
    home: str
    file: Path | None


class Restored(NamedTuple):
    """What a restore did: how many secrets there are, when the backup was made, and where the
    store was moved that could not be opened any more."""

    secrets: int
    created: str
    aside: Path | None


def new_key(backend: Backend, home: str, passphrase: Secret | None) -> Kept:
    """Makes an empty store with a new key in `home`. Raises UsageError where there is one."""
    local = store_of(backend)
    if present(local.path):
        raise UsageError(
            f"the store {local.path} has a key already",
            "give it a new one: envguard secrets rotate-key",
        )
    if home == KEY_FILE:
        # A key file that is there was made for this store.
        root = local.key.find() or create_key_file(local.key.file)
        create_store(local.path, root)
    else:
        root, wrapped = RootKey.new(), ""
        if home == KEYRING:
            from envguard.store.keyring_home import write_keyring  # noqa: PLC0415 - an extra

            write_keyring(root)
        elif passphrase is None:
            raise UsageError("the key needs a passphrase", "type one, or use --home file")
        else:
            wrapped = wrap(root.reveal(), _usable(passphrase))
        create_store(local.path, root, home, wrapped)
        local.key.remember(root)
    return _kept(local)


def export_key(backend: Backend) -> Secret:
    """The text of the store's key, to hand it on. Raises BackendError."""
    return store_of(backend).root_key(create=False).text()


def import_key(backend: Backend, text: Secret) -> Kept:
    """Takes the key that somebody handed on, into the key file. Raises BackendError for a text
    that is no key, for one that does not open the store that is there, and where the key file
    holds another."""
    local = store_of(backend)
    root = parse_key(text.reveal(), "the text")
    if present(local.path):
        with local.with_key(text).open():
            pass  # it opens
    keep_key_file(local.key.file, root)
    return Kept(root.id, KEY_FILE, local.key.file)


def rotate_key(backend: Backend, home: str | None, passphrase: Secret | None) -> Kept:
    """Gives the store a new key, kept in `home` or where the old one is. Raises BackendError."""
    local = store_of(backend)
    with local.open() as store:
        rotation.rotate(store, home, _usable(passphrase) if passphrase is not None else None)
    return _kept(local)


def home_of(backend: Backend) -> str:
    """Where the key of the store is kept."""
    with store_of(backend).open() as store:
        return store.home


def opened_by_retired(backend: Backend, settings: Settings) -> dict[str, list[str]]:
    """What only each retired key opens: the files of migrations that were made under it, by the
    key's id."""
    with store_of(backend).open() as store:
        retired = store.retired()
    folder = settings.folders.data / "journal"
    found: dict[str, list[str]] = {}
    for key in retired:
        backups = Backups(folder, key.reveal())
        made = [info.file.name for info in backups.list() if info.key_id == backups.key_id]
        found[key.id] = made
    return found


def forget_retired(backend: Backend) -> Sequence[str]:
    """Removes the retired keys for good; their ids."""
    with store_of(backend).open() as store:
        return rotation.forget(store)


def save_backup(
    backend: Backend, file: Path, passphrase: Secret | None, recipients: Sequence[str]
) -> int:
    """Writes a backup of the whole store; how many secrets are in it. Raises BackendError."""
    with store_of(backend).open() as store:
        given = _usable(passphrase) if passphrase is not None else None
        return len(backup.save(store, file, given, recipients).secrets)


def restore_backup(
    backend: Backend,
    file: Path,
    passphrase: Secret | None,
    identities: Sequence[str],
    settings: Settings,
) -> Restored:
    """Puts a backup in the place of the store. Raises BackendError."""
    local = store_of(backend)
    held = backup.load(file, passphrase, identities)
    aside = restore.restore(local.path, local.key, held, Actor.of(settings.environ))
    return Restored(len(held.secrets), held.created, aside)


def is_for_age(file: Path) -> bool:
    """Whether a backup opens by age keys, and not by a passphrase. Raises BackendError."""
    return backup.sealing(file) == backup.AGE


def accept(backend: Backend, settings: Settings) -> None:
    """Takes the store as it is, although a newer state of it was seen. Raises BackendError."""
    local = store_of(backend)
    restore.accept(local.path, local.key, Actor.of(settings.environ))


def _usable(passphrase: Secret) -> Secret:
    """A new passphrase that opens again what it closes: one that is empty, or looks like a key,
    would be taken for none, or for a key. Raises UsageError."""
    text = passphrase.reveal()
    if not text.strip():
        raise UsageError("an empty passphrase protects nothing", "use a long one")
    if text.lstrip().startswith((PREFIX, age.IDENTITY)):
        raise UsageError("this passphrase would be read as a key", "begin it in another way")
    return passphrase


def _kept(local: LocalBackend) -> Kept:
    with local.open() as store:
        home, key = store.home, store.root_key
    return Kept(key.id, home, local.key.file if home == KEY_FILE else None)
