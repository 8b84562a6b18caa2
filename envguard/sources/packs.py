"""Packs of a repository and their indexes: what is where, by place and by name.

The format: https://git-scm.com/docs/gitformat-pack (packs of version 2 and 3, indexes of
version 2). What is in another form is a NotReadableError: git itself then reads the repository.
"""

from __future__ import annotations

import os
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

_INDEX_HEAD = b"\xfftOc\x00\x00\x00\x02"
_NAMES = 8 + 256 * 4  # after the head and the fan-out table
_PACK_HEADS = (b"PACK\0\0\0\2", b"PACK\0\0\0\3")
_FIRST_OFFSET = 12
_WIDE = 1 << 31  # this bit of an offset says that the rest counts in the table of 8-byte ones


class NotReadableError(Exception):
    """A pack, or an object in it, has a form that is not read here, or is damaged."""


class DamagedIndexError(NotReadableError):
    """An index is not as git has written it; the text names it."""


class Part(NamedTuple):
    """Neighbouring objects of a pack: the places from `first` on, before `last`."""

    first: int
    last: int


class Pack:
    """One pack. A place is the number of an object in the order of the pack, from 0.

    In memory is its index (about 70 bytes an object), not its content.
    """

    def __init__(self, index: Path, id_size: int) -> None:
        """Reads an index (`*.idx`), whose pack must be there; `id_size` is 20 (SHA-1) or 32
        (SHA-256) bytes.

        Raises NotReadableError and OSError.
        """
        self._file = -1
        self.index = index
        index.with_suffix(".pack").stat()
        self.id_size = id_size
        self._content = content = index.read_bytes()
        if not content.startswith(_INDEX_HEAD) or len(content) < _NAMES + 2 * id_size:
            raise NotReadableError(f"{index.name} is no index of version 2")
        self.count = int.from_bytes(content[_NAMES - 4 : _NAMES], "big")
        self.checksum = content[-2 * id_size : -id_size]
        if not self.count or len(content) < _NAMES + self.count * (id_size + 8) + 2 * id_size:
            raise NotReadableError(f"{index.name} is cut off, or empty")

    @cached_property
    def offsets(self) -> Sequence[int]:
        """Where each object begins, in order; the last is where all end. Opens the pack, and
        raises NotReadableError where it is not the one of the index."""
        flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)
        self._file = os.open(self.index.with_suffix(".pack"), flags)
        size = os.fstat(self._file).st_size
        offsets = [*sorted(self._named), size - self.id_size]
        head = self.read(0, _FIRST_OFFSET)
        fits = head[:8] in _PACK_HEADS and int.from_bytes(head[8:], "big") == self.count
        if not fits or offsets[0] < _FIRST_OFFSET or offsets[-1] <= offsets[-2]:
            raise NotReadableError(f"{self.index.name} does not fit its pack")
        return offsets

    def __del__(self) -> None:
        """Gives the open file back: a repository may have more packs than a process has files."""
        if self._file >= 0:
            os.close(self._file)

    def read(self, start: int, end: int) -> bytes:
        """The bytes of the pack from `start` on, before `end`. Raises NotReadableError."""
        found = b""
        while len(found) < end - start:
            try:
                more = os.pread(self._file, end - start - len(found), start + len(found))
            except (OSError, OverflowError) as error:  # of the disk, or no place in a file
                raise NotReadableError(f"{self.index.stem}.pack: {error}") from None
            if not more:
                raise NotReadableError(f"{self.index.stem}.pack is cut off")
            found += more
        return found

    def check(self) -> None:
        """Raises DamagedIndexError where the index is not as git has written it: a wrong byte
        could hide an object."""
        # OpenSSL is loaded only where a pack is read.
        import hashlib  # noqa: PLC0415

        kind = hashlib.sha256 if self.id_size == hashlib.sha256().digest_size else hashlib.sha1
        with memoryview(self._content) as content:
            digest = kind(content[: -self.id_size], usedforsecurity=False).digest()
        if digest != self._content[-self.id_size :]:
            raise DamagedIndexError(f"{self.index.name} is damaged")

    @property
    def table(self) -> bytes:
        """The names of all objects in binary, one behind the other, in order."""
        return self._content[_NAMES : _NAMES + self.count * self.id_size]

    @property
    def end(self) -> int:
        """Where the last object ends."""
        return self.offsets[-1]

    def end_of(self, offset: int) -> int:
        """Where the object ends that begins at `offset`."""
        return self.offsets[bisect_right(self.offsets, offset)]

    def parts(self, size: int) -> list[Part]:
        """The pack cut into parts of about `size` bytes; an object is never cut."""
        cuts = [0]
        while cuts[-1] < self.count:
            wanted = self.offsets[cuts[-1]] + size
            cuts.append(min(bisect_left(self.offsets, wanted, cuts[-1] + 1), self.count))
        return [Part(first, last) for first, last in pairwise(cuts)]

    def names(self, offsets: Collection[int] | None = None) -> dict[int, bytes]:
        """The ids, in binary, of the objects that begin at `offsets`; of all without them."""
        wanted = enumerate(self._named)
        return {
            offset: self._name(number)
            for number, offset in wanted
            if offsets is None or offset in offsets
        }

    def has(self, name: bytes) -> bool:
        """Whether the object with this id, given in binary, is here."""
        return self._number(name) is not None

    def find(self, name: bytes) -> int | None:
        """The offset of the object with this id, given in binary; None where it is not here."""
        number = self._number(name)
        return None if number is None else self._named[number]

    def _number(self, name: bytes) -> int | None:
        fan = 8 + 4 * name[0]
        low = int.from_bytes(self._content[fan - 4 : fan], "big") if name[0] else 0
        high = int.from_bytes(self._content[fan : fan + 4], "big")
        while low < high:
            middle = (low + high) // 2
            found = self._name(middle)
            if found == name:
                return middle
            low, high = (middle + 1, high) if found < name else (low, middle)
        return None

    def _name(self, number: int) -> bytes:
        start = _NAMES + number * self.id_size
        return self._content[start : start + self.id_size]

    @cached_property
    def _named(self) -> array[int]:
        """Where each object begins, in the order of the names. Raises NotReadableError."""
        content = self._content
        start = _NAMES + self.count * (self.id_size + 4)  # after the names and their CRC32
        end = start + 4 * self.count
        offsets = _unsigned("I", content[start:end])
        if max(offsets) < _WIDE:
            return offsets
        try:
            wide = _unsigned("Q", content[end : len(content) - 2 * self.id_size])
            return array("Q", [o if o < _WIDE else wide[o - _WIDE] for o in offsets])
        except (ValueError, IndexError):
            raise NotReadableError(f"{self.index.name} has wrong offsets") from None


def _unsigned(code: str, content: bytes) -> array[int]:
    found = array(code, content)
    if sys.byteorder == "little":
        found.byteswap()
    return found
