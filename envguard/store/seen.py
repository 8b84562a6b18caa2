"""The newest state of a store that this user has seen, kept outside its file.

An older copy put in the place of a store is authentic; only who remembers a newer one can tell.
One line: the store's id, its generation, and the CRC-32 of both, so that a line of which a crash
left a part says nothing rather than something else. It is not synced: what a crash leaves of it
may be older than the store, never newer.
"""

from __future__ import annotations

import contextlib
import os
import re
from binascii import crc32
from pathlib import Path

from envguard.core.errors import BackendError

_LINE = re.compile(rb"(([0-9a-f]{32}) (\d{16})) ([0-9a-f]{8})\n")


class Seen:
    """What is remembered of one store. A folder that cannot be written remembers nothing."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._store = ""
        self._generation = 0

    def look(self) -> None:
        """Reads what is remembered. To be called before a transaction begins, which then sees
        whatever was committed and remembered before."""
        with contextlib.suppress(OSError):
            found = _LINE.fullmatch(self._file.read_bytes())
            if found is not None and int(found[4], 16) == crc32(found[1]):
                self._store, self._generation = found[2].decode(), int(found[3])

    @property
    def store(self) -> str:
        """The id of the store that is remembered; empty where none is."""
        return self._store

    def check(self, store: str, generation: int, path: Path) -> None:
        """Raises BackendError for a state of the store that is older than the remembered one."""
        newest = self.newest(store)
        if generation < newest:
            raise BackendError(
                f"the store {path} is older than it was: it is at change {generation}, and was at "
                f"{newest}",
                "put the newest file and its -wal back, restore a backup, or take it as it is: "
                "envguard secrets restore --as-it-is",
            )

    def newest(self, store: str) -> int:
        """The newest state that is remembered of a store; 0 where there is none."""
        return self._generation if store == self._store else 0

    def keep(self, store: str, generation: int) -> None:
        """Remembers a state, unless a newer one is."""
        if store == self._store and generation <= self._generation:
            return
        self._store, self._generation = store, generation
        with contextlib.suppress(OSError):
            flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            descriptor = os.open(self._file, flags, 0o600)
            try:
                line = f"{store} {generation:016}".encode("ascii")
                os.ftruncate(descriptor, os.write(descriptor, b"%b %08x\n" % (line, crc32(line))))
            finally:
                os.close(descriptor)
