"""The SQLite file under a store: how it is opened, its tables, its transactions, its failures.

No exception of sqlite3 leaves here: each becomes a BackendError that names the file and a way
out, without SQLite's own text, which can quote content.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from envguard.core.errors import BackendError
from envguard.store.cipher import FORMAT, ForgedError
from envguard.store.records import NewerFormatError

APPLICATION = 0x65677374
"""`application_id` of a store: "egst" (https://www.sqlite.org/fileformat2.html#application_id)."""

BUSY = 10.0
"""Seconds that a transaction waits for another process."""

OPTIONS = "mode=rw"
"""How SQLite opens the file: never making one (https://www.sqlite.org/uri.html)."""

# All blobs. `namespace` and `tag` are HMACs of names. A head's `mac` is over its tag and body;
# `buckets` are the digests of its heads (snapshot.py).
SCHEMA = """
CREATE TABLE store (
    one INTEGER PRIMARY KEY CHECK (one = 1), body BLOB NOT NULL, mac BLOB NOT NULL);
CREATE TABLE namespace (
    tag BLOB PRIMARY KEY, name BLOB NOT NULL, body BLOB NOT NULL, buckets BLOB NOT NULL,
    mac BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE head (
    namespace BLOB NOT NULL, tag BLOB NOT NULL, mac BLOB NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (namespace, tag)
) WITHOUT ROWID;
CREATE TABLE value (
    namespace BLOB NOT NULL, tag BLOB NOT NULL, version INTEGER NOT NULL,
    token BLOB NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (namespace, tag, version)
) WITHOUT ROWID;
CREATE TABLE trail (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
"""

# https://www.sqlite.org/pragma.html. `fullfsync` is what makes a sync reach the disk on macOS.
_SETTINGS = """
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA secure_delete = ON;
"""


class DamagedError(BackendError):
    """The content of a store is not what was written, or the store is gone."""


FAILURES = (sqlite3.Error, UnicodeDecodeError)
"""What the sqlite3 module raises; the second where SQLite quotes a damaged schema."""

# What part of SQLite's text (https://www.sqlite.org/rescode.html) means what. Python 3.10 has no
# error codes. Whatever is not listed means that the content is not what was written.
_FAILURES = (
    ("is locked", "is in use by another process", "try again when it has ended"),
    ("disk is full", "cannot be written: the disk is full", "free some space, then try again"),
    ("readonly", "cannot be written: it is read-only", "ls -ld {path} {folder}"),
    ("disk I/O", "cannot be read or written: the disk reports an error", "df {folder}; dmesg"),
    ("unable to open", "cannot be opened", "check its folder, on a local disk: ls -la {folder}"),
    ("locking protocol", "cannot be locked", "keep it on a local disk, with --store FILE"),
    ("too big", "cannot hold a value of that size", "keep it in a file"),
)


def explain(path: Path, error: Exception) -> BackendError:
    """What one of FAILURES means for a person."""
    text = str(error)
    for part, what, hint in _FAILURES:
        if part in text:
            return BackendError(
                f"the store {path} {what}", hint.format(path=path, folder=path.parent)
            )
    return damaged(path)


def damaged(path: Path) -> BackendError:
    """The error for content that is not what was written."""
    return DamagedError(
        f"the store {path} is damaged, or no store",
        "restore a backup, which keeps the damaged file beside it: envguard secrets restore FILE",
    )


def newer(path: Path) -> BackendError:
    """The error for a store that only a newer envguard understands."""
    return BackendError(
        f"the store {path} was written by a newer envguard", "pip install --upgrade envguard-cli"
    )


def present(path: Path) -> bool:
    """Whether there is a store at `path`. Raises BackendError for a symbolic link, and where
    only its log is left: what was in the store is then lost, and not absent."""
    if path.is_symlink():
        raise BackendError(
            f"the store {path} is a symbolic link, and is not followed",
            f"name the file that it points to: {os.path.realpath(path)}",
        )
    log = path.with_name(path.name + "-wal")
    # Asked again after the log: another process may just have made the store.
    if os.path.lexists(path) or (log.exists() and os.path.lexists(path)):
        return True
    if log.exists():
        raise DamagedError(
            f"the store {path} is gone, and its log {log.name} is left",
            f"put {path} back, restore a backup with `envguard secrets restore FILE`, or begin "
            f"anew: rm {log}",
        )
    return False


class Database:
    """An open store file. `reading` and `writing` are its transactions; every statement runs
    inside one."""

    def __init__(self, path: Path) -> None:
        """Opens an existing store. Raises BackendError."""
        self.path = path
        self._connection = connect(path)
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    def _check(self) -> None:
        try:
            (application,) = self._connection.execute("PRAGMA application_id").fetchone()
            if application != APPLICATION:
                raise damaged(self.path)
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if version != FORMAT:
                raise newer(self.path) if version > FORMAT else damaged(self.path)
            use_log(self._connection, self.path)
        except FAILURES as error:
            raise explain(self.path, error) from None

    def close(self) -> None:
        """Closes the file. The last one to do so also removes its log."""
        # What was committed is safe; a log that cannot be removed now is used by the next opener.
        with contextlib.suppress(*FAILURES):
            self._connection.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """A transaction that sees one state of the store, whatever others write meanwhile."""
        with self._transaction("BEGIN"):
            yield

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that keeps other writers out; committed at its end, or undone whole."""
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        try:
            self._connection.execute(begin)
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(*FAILURES):
                    self._connection.execute("ROLLBACK")
                raise
        except FAILURES as error:
            raise explain(self.path, error) from None
        except ForgedError:
            raise damaged(self.path) from None
        except NewerFormatError:
            raise newer(self.path) from None

    def blobs(self, statement: str, *values: bytes | int) -> list[tuple[bytes, ...]]:
        """The rows that a statement selects, all of whose columns are blobs. Raises ForgedError for
        any other type, which a damaged file can hold."""
        rows: list[tuple[bytes, ...]] = self._connection.execute(statement, values).fetchall()
        if not set(map(type, chain.from_iterable(rows))) <= {bytes}:
            raise ForgedError
        return rows

    def number(self, statement: str, *values: bytes | int) -> int | None:
        """The number that a statement selects. Raises ForgedError for any other type."""
        row = self._connection.execute(statement, values).fetchone()
        if row is None or row[0] is None:
            return None
        if not isinstance(row[0], int):
            raise ForgedError
        return row[0]

    def clear(self) -> None:
        """Removes every row but the store's own."""
        for table in ("value", "head", "namespace", "trail"):
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours

    def forget(self) -> None:
        """Moves what is in the log into the file, and empties the log, so that nothing of what
        was deleted is left in it."""
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except FAILURES as error:
            raise explain(self.path, error) from None

    def change(self, statement: str, *values: bytes | int) -> None:
        """Runs a statement that changes exactly one row. Raises ForgedError where it does not."""
        if self._connection.execute(statement, values).rowcount != 1:
            raise ForgedError


def connect(path: Path) -> sqlite3.Connection:
    """A connection with every setting of a store, in autocommit mode. Raises BackendError."""
    name = path.absolute().as_posix().lstrip("/")
    for character, escape in (("%", "%25"), ("?", "%3f"), ("#", "%23")):
        name = name.replace(character, escape)
    try:
        connection = sqlite3.connect(
            f"file:///{name}?{OPTIONS}", uri=True, timeout=BUSY, isolation_level=None
        )
    except FAILURES as error:
        raise explain(path, error) from None
    # SQLite's error for a text that is no UTF-8 would quote it.
    connection.text_factory = bytes
    try:
        connection.executescript(_SETTINGS)
    except FAILURES as error:
        connection.close()
        raise explain(path, error) from None
    return connection


def use_log(connection: sqlite3.Connection, path: Path) -> None:
    """Switches to a write-ahead log, where it is not in use already. Raises BackendError where
    the file system cannot share memory (https://www.sqlite.org/wal.html: network disks)."""
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode not in (b"wal", "wal"):
        raise BackendError(
            f"the store {path} is on a file system that cannot hold its write-ahead log",
            "keep it on a local disk, with --store FILE",
        )
