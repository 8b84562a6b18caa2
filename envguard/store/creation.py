"""How a key file and a store come into being: whole or not at all, 0600 from the first byte.

Apart from the rest because only the first write on a machine needs it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from envguard.core.errors import BackendError
from envguard.core.files import private_directory, sync_directory
from envguard.store.cipher import FORMAT, Keys, Purpose
from envguard.store.database import APPLICATION, FAILURES, SCHEMA, connect, explain, use_log
from envguard.store.keys import KEY_FILE, KeySource, RootKey, read_key_file
from envguard.store.records import Root, encode
from envguard.store.rows import digest
from envguard.store.trail import begun

STORE_ID = 16
"""Random bytes that tell stores apart; the salt of every key."""


def key_for_new_store(source: KeySource) -> RootKey:
    """The key for a store that is still to be made, safe on the disk: the one that `source` has,
    else a new one. Raises BackendError."""
    found = source.find()
    if found is None:
        return create_key_file(source.file)
    if source.given is None:
        _sync_name(source.file)
    return found


def create_key_file(path: Path) -> RootKey:
    """A new root key, kept in a new file; where another process was first, its key."""
    key = RootKey.new()
    return key if _appear(path, _written(key)) else read_key_file(path)


def keep_key_file(path: Path, key: RootKey) -> None:
    """Writes `key` into a new key file, or finds it there. Raises BackendError where that file
    holds another key."""
    if not _appear(path, _written(key)) and read_key_file(path) != key:
        raise BackendError(
            f"{path} holds another key, which another store may need", f"mv {path} {path}.other"
        )


def create_store(
    path: Path, root: RootKey, home: str = KEY_FILE, wrapped: str = "", store: bytes = b""
) -> bool:
    """Makes an empty store at `path`, opened by `root`, which is kept in a `home`; its id is a new
    one, or `store`. False where another process was first: its store stays. Raises BackendError."""

    def fill(temporary: Path) -> None:
        store_id = store or os.urandom(STORE_ID)
        own = Keys(root, store_id, "")
        row = Root(store_id.hex(), root.id, digest([]), home=home, wrapped=wrapped, encryptions=1)
        body = encode(begun(own, row))
        mac = own.mac(Purpose.STATE, "store", body)
        with contextlib.closing(connect(temporary)) as connection:
            use_log(connection, path)
            connection.executescript(
                f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION};"
                f"PRAGMA user_version = {FORMAT}; {SCHEMA}"
            )
            connection.execute("INSERT INTO store VALUES (1, ?, ?)", (body, mac))
            connection.execute("COMMIT")
            # Closing would do so as well, but say nothing where it cannot.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    try:
        return _appear(path, fill)
    except FAILURES as error:
        raise explain(path, error) from None


def _written(key: RootKey) -> Callable[[Path], None]:
    def fill(temporary: Path) -> None:
        temporary.write_bytes(key.text().reveal().encode("ascii") + b"\n")

    return fill


def _appear(path: Path, fill: Callable[[Path], None]) -> bool:
    """Makes a file under another name, lets `fill` write it, and gives it its own name; False
    where that name is taken by then. Raises BackendError where the file system refuses."""
    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        private_directory(path.parent)
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        try:
            fill(temporary)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            # Unlike a rename, a link never replaces what is there.
            os.link(temporary, path)
        finally:
            for name in (temporary.name, f"{temporary.name}-wal", f"{temporary.name}-shm"):
                temporary.with_name(name).unlink(missing_ok=True)
        sync_directory(path.parent)
    except FileExistsError:
        if os.path.lexists(path):
            _sync_name(path)
            return False
        raise BackendError(
            f"{path.parent} is not a folder, so that {path.name} cannot be made in it",
            f"ls -ld {path.parent}",
        ) from None
    except OSError as error:
        raise _cannot_be_made(path, error) from None
    return True


def _sync_name(path: Path) -> None:
    """Makes the name of a file safe: who made it may not have done so yet."""
    try:
        sync_directory(path.parent)
    except OSError as error:
        raise _cannot_be_made(path, error) from None


def _cannot_be_made(path: Path, error: OSError) -> BackendError:
    return BackendError(
        f"{path} cannot be made: {error.strerror}", f"ls -ld {path.parent}; df {path.parent}"
    )
