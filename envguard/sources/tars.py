"""tar, read as a stream. The format: POSIX.1-2017, pax, "ustar Interchange Format" and "pax
Header Block"; GNU tar, "Basic Tar Format".

The standard library's reader takes long names into memory whatever size their header claims.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from envguard.sources.archives import ArchiveError, Budget, Member

_BLOCK = 512
_LONGEST_NAME = 1 << 16  # bytes of a record that gives the next member's name and size
_FILES = b"0\x007"  # types of members with a content: regular, as old tars have it, contiguous
_LONG_NAME, _PAX = b"L", b"x"


def read(pieces: Iterable[bytes], budget: Budget) -> Iterator[Member]:
    """The files in a tar; each is to be read before the next one is asked for. Raises
    ArchiveError."""
    source = _Source(pieces)
    given: dict[bytes, bytes] = {}
    while len(header := source.take(_BLOCK)) == _BLOCK:
        if not header.strip(b"\0"):
            return
        _check(header)
        kind, size = header[156:157], _number(header[124:136])
        if kind in (_LONG_NAME, _PAX):
            if size > _LONGEST_NAME:
                raise ArchiveError("it is damaged: a name in it is too long")
            record = source.take(size)
            given |= _records(record) if kind == _PAX else {b"path": record.rstrip(b"\0")}
            source.drop(-size % _BLOCK)
            continue
        if b"size" in given:
            size = int(given[b"size"]) if given[b"size"].isdigit() else size
        if kind in _FILES:
            budget.member()
            name = given.get(b"path") or _name(header)
            content = source.part(size)
            yield Member(name.decode("utf-8", "surrogateescape"), budget.unpack(content))
            for _ in content:  # what was not read of it
                pass
        else:
            source.drop(size)
        source.drop(-size % _BLOCK)
        given = {}
    if header:
        raise ArchiveError("it is damaged: it ends too early")


class _Source:
    """A stream of bytes, from which parts are taken."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._waiting = b""

    def part(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes. Raises ArchiveError where there are not so many."""
        while size > 0:
            piece = self._waiting or next(self._pieces, None)
            if piece is None:
                raise ArchiveError("it is damaged: it ends too early")
            self._waiting = piece[size:]
            size -= len(piece)
            yield piece[: len(piece) + size] if size < 0 else piece

    def take(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end."""
        taken = b""
        while len(taken) < size:
            piece = self._waiting or next(self._pieces, None)
            if piece is None:
                break
            self._waiting = piece[size - len(taken) :]
            taken += piece[: size - len(taken)]
        return taken

    def drop(self, size: int) -> None:
        for _ in self.part(size):
            pass


def _check(header: bytes) -> None:
    """Raises ArchiveError where the checksum says that this is no header."""
    total = sum(header[:148]) + sum(header[156:]) + 8 * ord(" ")
    if _number(header[148:156]) != total:
        raise ArchiveError("it is damaged: a header in it is wrong")


def _number(field: bytes) -> int:
    """A number in octal digits, or as GNU tar writes large ones."""
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    digits = field.strip(b" \0")
    try:
        return int(digits or b"0", 8)
    except ValueError:
        raise ArchiveError("it is damaged: a number in it is wrong") from None


def _name(header: bytes) -> bytes:
    name, prefix = header[:100].rstrip(b"\0"), header[345:500].split(b"\0")[0]
    is_posix = header[257:263] == b"ustar\0"
    return prefix + b"/" + name if prefix and is_posix else name


def _records(text: bytes) -> dict[bytes, bytes]:
    """The records of a pax header, `LENGTH KEY=VALUE` each."""
    found: dict[bytes, bytes] = {}
    while text:
        length, _, _ = text.partition(b" ")
        if not length.isdigit() or not 0 < int(length) <= len(text):
            break
        key, _, value = text[len(length) + 1 : int(length) - 1].partition(b"=")
        found[key] = value
        text = text[int(length) :]
    return found
