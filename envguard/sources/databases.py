"""The values in an SQLite database: in the file they stand side by side without anything between.

The format: https://www.sqlite.org/fileformat2.html, sections 1.3 (header), 1.6 (b-tree pages),
1.7 (overflow pages) and 2.1 (records).
"""

from __future__ import annotations

from collections.abc import Iterator

_LEAF = 0x0D  # a page that holds rows of a table
_HEADER = 100  # bytes at the beginning of the first page
_ENCODINGS = {2: "utf-16-le", 3: "utf-16-be"}
_SIZES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)  # bytes of the values with the serial types 0 to 9
_FIRST_STRING = 12
_LONGEST = 16 << 20  # bytes of a row


def read(content: bytes) -> Iterator[bytes]:
    """The texts and blobs of all rows, each value as a line; also of rows that were deleted and
    whose page was not used again. What is damaged is passed over."""
    database = _Database(content)
    for page in range(database.pages):
        for payload in database.rows(page):
            values = list(database.values(payload))
            if values:
                yield b"\n".join(values) + b"\n"


class _Database:
    def __init__(self, content: bytes) -> None:
        self._content = content
        size = int.from_bytes(content[16:18], "big")
        self._size = 65536 if size == 1 else max(size, 512)
        self._usable = self._size - content[20]
        self._encoding = _ENCODINGS.get(content[59])
        self.pages = len(content) // self._size

    def rows(self, number: int) -> Iterator[bytes]:
        """The payloads of the rows on a page, which are counted from 0."""
        page = self._content[number * self._size : (number + 1) * self._size]
        header = 0 if number else _HEADER
        if page[header] != _LEAF:
            return
        count = int.from_bytes(page[header + 3 : header + 5], "big")
        for at in range(header + 8, min(header + 8 + 2 * count, len(page) - 1), 2):
            start = int.from_bytes(page[at : at + 2], "big")
            size, start = _varint(page, start)
            _, start = _varint(page, start)  # the row's number
            if 0 < size <= _LONGEST:
                yield self._payload(page, start, size)

    def _payload(self, page: bytes, start: int, size: int) -> bytes:
        local = self._local(size)
        payload = page[start : start + local]
        following = page[start + local : start + local + 4]
        parts, left = [payload], size - local
        while left > 0:
            number = int.from_bytes(following, "big")
            if not 0 < number <= self.pages:
                break
            begin = (number - 1) * self._size
            following = self._content[begin : begin + 4]
            parts.append(self._content[begin + 4 : begin + min(self._usable, 4 + left)])
            left -= self._usable - 4
        return b"".join(parts)

    def _local(self, size: int) -> int:
        """How much of a payload stands on the page itself."""
        most = self._usable - 35
        if size <= most:
            return size
        least = (self._usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (self._usable - 4)
        return local if local <= most else least

    def values(self, payload: bytes) -> Iterator[bytes]:
        """The texts and blobs of a record."""
        end, at = _varint(payload, 0)
        place = end
        while at < min(end, len(payload)):
            kind, at = _varint(payload, at)
            if kind < _FIRST_STRING:
                place += _SIZES[kind] if kind < len(_SIZES) else 0
                continue
            size = (kind - _FIRST_STRING) // 2
            value = payload[place : place + size]
            place += size
            if kind % 2 and self._encoding is not None:
                value = value.decode(self._encoding, "replace").encode()
            if value:
                yield value


def _varint(text: bytes, at: int) -> tuple[int, int]:
    """A number of variable length (section 1.6), and where it ends."""
    number = 0
    for count, byte in enumerate(text[at : at + 9], 1):
        if count == 9:
            return number << 8 | byte, at + 9
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, at + count
    return 0, len(text)
