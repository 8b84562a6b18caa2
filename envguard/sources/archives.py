"""What is packed into one content: zip, tar, gzip, bzip2, xz, SQLite; told by its first bytes.

Nothing is written to disk. What unpacks to far more than it takes is given up: the limits of a
`Budget` hold for a content with everything that is packed in it, however deep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from itertools import chain
from typing import NamedTuple


class Kind(Enum):
    """A format, under the name that findings carry."""

    ZIP = "zip"
    TAR = "tar"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    SQLITE = "sqlite"


HEAD = 262
"""Bytes that `kind_of` needs to see."""

DEEPEST = 6
"""Containers that are opened, one inside the other; a .tar.gz is two."""

# APPNOTE 4.3.7 and 4.3.16 (.ZIP File Format Specification); RFC 1952, section 2.3.1; the block
# header of bzip2 holds the digits of pi; the .xz file format, section 2.1.1.1; SQLite's Database
# File Format, section 1.3.
_BEGINNINGS = (
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"\x1f\x8b\x08", Kind.GZIP),
    (b"\xfd7zXZ\x00", Kind.XZ),
    (b"SQLite format 3\x00", Kind.SQLITE),
)
_FIRST_BYTES = frozenset(b"P\x1f\xfdBS")
_TAR, _TAR_AT = b"ustar", 257  # POSIX.1-2017, pax, "ustar Interchange Format"


class Member(NamedTuple):
    """Something that was packed. `name` is empty where the format has no names."""

    name: str
    pieces: Iterator[bytes]


class ArchiveError(Exception):
    """Why a container, or the rest of it, cannot be looked into; the text is for people."""


class LimitError(ArchiveError):
    """Too much is packed into a content: nothing more of it is looked into."""


class Budget:
    """How much may still be unpacked from one content of `size` bytes."""

    def __init__(self, size: int | None = None) -> None:
        self._size = size
        self._bytes = 0
        self._members = 0

    def unpack(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces, until there are too many bytes. Raises LimitError."""
        for piece in pieces:
            self._bytes += len(piece)
            if self._bytes > MOST_BYTES:
                raise LimitError(f"it unpacks to more than {MOST_BYTES >> 30} GiB")
            if self._size is not None and self._bytes > max(FREE, self._size * MOST_RATIO):
                raise LimitError(f"it unpacks to more than {MOST_RATIO} times its size")
            yield piece

    def count(self, size: int) -> None:
        """A content of so many bytes that was read only now."""
        self._size = (self._size or 0) + size

    def member(self) -> None:
        """One more member. Raises LimitError."""
        self._members += 1
        if self._members > MOST_MEMBERS:
            raise LimitError(f"it holds more than {MOST_MEMBERS:,} members")


MOST_BYTES = 2 << 30
MOST_MEMBERS = 100_000
MOST_RATIO = 200
"""How many times its size a content may unpack to; text seldom comes to 20, zeros to 1,000."""

FREE = 16 << 20
"""Bytes that may be unpacked whatever the ratio."""

HELD = 64 << 20
"""Bytes of a zip or a database that are held: its parts are not in order."""


def kind_of(head: bytes) -> Kind | None:
    """The format of a content that begins with `head`; None where it is no container."""
    if head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return Kind.TAR
    if not head or head[0] not in _FIRST_BYTES:
        return None
    if head.startswith(b"BZh") and head[4:10] == b"1AY&SY":
        return Kind.BZIP2
    return next((kind for beginning, kind in _BEGINNINGS if head.startswith(beginning)), None)


def members(
    kind: Kind, pieces: Iterable[bytes], budget: Budget, skip: Callable[[str, str], None]
) -> Iterator[Member]:
    """What a container holds; each member is to be read before the next one is asked for.

    `skip` is told the name and the reason of each member that cannot be read. Raises ArchiveError
    where the container cannot be read any further, here or while a member is read.
    """
    if kind is Kind.ZIP:
        from envguard.sources.zips import read as read_zip  # noqa: PLC0415 - few scans meet one

        yield from read_zip(_held(pieces), budget, skip)
    elif kind is Kind.TAR:
        from envguard.sources.tars import read as read_tar  # noqa: PLC0415 - the same

        yield from read_tar(pieces, budget)
    elif kind is Kind.SQLITE:
        from envguard.sources.databases import read as read_rows  # noqa: PLC0415 - the same

        yield Member("", budget.unpack(read_rows(_held(pieces))))
    else:
        from envguard.sources.compressed import read  # noqa: PLC0415 - the same

        budget.member()
        yield Member("", budget.unpack(read(kind, pieces)))


def _held(pieces: Iterable[bytes]) -> bytes:
    """The whole content. Raises ArchiveError where it is too large for that."""
    held, size = [], 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size > HELD:
            raise ArchiveError(f"it has more than {HELD >> 20} MiB, and must be held as a whole")
    return held[0] if len(held) == 1 else b"".join(held)


def peeked(pieces: Iterable[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, `size` of them or more where there are so many; and all pieces."""
    rest = iter(pieces)
    head = b""
    while len(head) < size and (piece := next(rest, None)) is not None:
        head += piece
    return head, chain([head] if head else [], rest)
