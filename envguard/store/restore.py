"""A backup put in the place of a store, or where none was.

The store keeps its own key: what the backup holds is encrypted anew, in one transaction. A file
that cannot be opened any more is moved aside, not removed, and a new store is made beside it
first. So killed at any moment there is the old store or the new one, and nothing between.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from itertools import chain, count
from pathlib import Path

from envguard.core.actor import Actor
from envguard.core.errors import BackendError
from envguard.core.files import sync_directory
from envguard.store import content
from envguard.store.backup import Backup
from envguard.store.cipher import ForgedError, Keys
from envguard.store.content import Kept
from envguard.store.creation import STORE_ID, create_store, key_for_new_store
from envguard.store.database import DamagedError, Database, present
from envguard.store.keys import KeySource, RootKey, WrongKeyError
from envguard.store.records import Line, Root, encode, now
from envguard.store.seen import Seen
from envguard.store.snapshot import Snapshot
from envguard.store.store import Store
from envguard.store.trail import begun, carried, lines

RESTORE = "store.restore"
"""The action in the trail."""

_LOGS = ("-wal", "-shm")
_NAMESPACE = "-"  # what is done here concerns all of them


def restore(path: Path, key: KeySource, backup: Backup, actor: Actor) -> Path | None:
    """Makes the store at `path` hold what `backup` holds. Where it is damaged, or its key is lost,
    it is moved aside; returns where it is then. Raises BackendError."""
    try:
        if not present(path):
            with _made_beside(path, key, backup, actor) as made:
                _appear(made, path)
            return None
        with (
            contextlib.closing(Database(path)) as database,
            Store(database, key, _NAMESPACE, actor, older=True) as store,
            store.whole() as (_, root, row, _),
        ):
            _fill(database, root, row, backup, actor)
            return None
    except (DamagedError, WrongKeyError):
        with _made_beside(path, key, backup, actor) as made:
            return _put_in_place(made, path)
    return None


def accept(path: Path, key: KeySource, actor: Actor) -> None:
    """Takes the store as it is, although a newer state of it was seen. Raises BackendError."""
    with Store(Database(path), key, _NAMESPACE, actor, older=True) as store:
        store.record(RESTORE, (), "an older file, taken as it is")


def _fill(database: Database, root: RootKey, row: Root, backup: Backup, actor: Actor) -> None:
    """Replaces all that a store holds, in the transaction that is open."""
    keys = content.keys_of(root, row.store)
    own = keys("")
    here = _lines(database, own, row)
    detail = f"a backup of {backup.created}, {len(backup.secrets)} secrets"
    name, place = actor
    said = encode(Line(now(), name, place, RESTORE, _NAMESPACE, (), detail))
    # The lines that are here say more than those in the backup, if they can be read; and where
    # they stay, so do their links.
    new = carried(own, own, row) if here else begun(own, row)
    content.replace(
        database,
        new._replace(encryptions=row.encryptions + 1),
        backup.secrets,
        (*(here or backup.lines), said),
        keys,
    )
    if _by_name(content.read(database, keys).secrets) != _by_name(backup.secrets):
        raise ForgedError


def _by_name(secrets: Sequence[Kept]) -> dict[tuple[str, str], Kept]:
    return {(kept.namespace, kept.head.name): kept for kept in secrets}


def _lines(database: Database, own: Keys, row: Root) -> Sequence[bytes]:
    try:
        return [said for _, said, _ in lines(database, own, row)]
    except ForgedError:
        return ()


@contextlib.contextmanager
def _made_beside(path: Path, key: KeySource, backup: Backup, actor: Actor) -> Iterator[Path]:
    """A new store under another name, that holds what the backup holds. It counts on from what was
    seen of the store whose place it takes: an older file of that stays an older file."""
    made = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    seen = Seen(key.seen)
    seen.look()
    store = bytes.fromhex(seen.store) or os.urandom(STORE_ID)
    try:
        root = key_for_new_store(key)
        create_store(made, root, store=store)
        with contextlib.closing(Database(made)) as database:
            with database.writing():
                own = Keys(root, store, "")
                row = Snapshot(database, own, own, "").root
                newest = row._replace(generation=seen.newest(row.store))
                _fill(database, root, newest, backup, actor)
            database.forget()
        yield made
    finally:
        for end in ("", *_LOGS):
            with contextlib.suppress(OSError):
                made.with_name(made.name + end).unlink()


def _appear(made: Path, path: Path) -> None:
    """Gives a store its name, which nobody has."""
    try:
        # Unlike a rename, a link never replaces what is there.
        os.link(made, path)
        sync_directory(path.parent)
    except OSError as error:
        raise BackendError(
            f"{path} cannot be made: {error.strerror}", f"ls -la {path.parent}"
        ) from None


def _put_in_place(made: Path, path: Path) -> Path:
    """Gives a store the name of another, which is kept under a third name, with its log."""
    aside = _free(path, now().replace(":", "").replace("-", ""))
    try:
        with contextlib.suppress(FileNotFoundError):
            os.link(path, aside)
        for log in _LOGS:  # beside the new store it would be taken for its own
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + log).rename(aside.with_name(aside.name + log))
        sync_directory(path.parent)
        made.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        raise BackendError(
            f"{path} cannot be moved aside: {error.strerror}", f"ls -la {path.parent}"
        ) from None
    return aside


def _free(path: Path, stamp: str) -> Path:
    """A name that nothing has, nor its log: a restore that was killed may have taken the first."""
    name = f"{path.name}.damaged-{stamp}"
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    places = (path.with_name(name) for name in names)
    return next(p for p in places if not any(os.path.lexists(f"{p}{e}") for e in ("", *_LOGS)))
