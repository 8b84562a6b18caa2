"""The candidates of a text that is too large to be held in memory: looked at in windows.

Each window owns a part of the text, and sees as much before and after it as a match, a marker
and a piece of encoded text can reach. So what begins in its part looks as it does in the whole.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from envguard.detection.detector import Candidate
from envguard.detection.encodings import PROBE, decoded
from envguard.detection.places import Places

SEGMENT = 4 << 20
"""Bytes of the part that a window owns, about. With 8 MiB the system gives and takes all memory
anew for each window, which doubles the cost."""

CONTEXT = 256 << 10
"""Bytes that it sees on either side: more than three times the longest span of a rule (64 KiB)."""

_LINE_BEFORE = 4096  # bytes of the line before a window: more than markers look at
_PROBE = 8000  # bytes in which a NUL says that a text is binary, for git and for the detector
_MARK = 4  # bytes of the longest byte-order mark

# What a window begins with says nothing about the whole: neither NULs nor byte-order marks are
# left there. The others are no UTF-8 either, and so count as one character each.
_HARMLESS = bytes.maketrans(b"\x00\xfe\xff", b"\x01\xc1\xc1")


Look = Callable[[bytes], Sequence[Candidate]]
"""What gives the candidates of a whole text, in order."""


def candidates(
    look: Look,
    pieces: Iterable[bytes],
    step: Callable[[], None] | None = None,
    *,
    segment: int = SEGMENT,
    context: int = CONTEXT,
) -> Iterator[Candidate]:
    """What `look` gives for the text that `pieces`, of any size, make up, as they come. `step` is
    called after each piece."""
    windows = _Windows(look, segment, context)
    found_decoded: list[Candidate] = []
    head, every = _head(pieces)
    other = _Decoded.of(head, look, segment, context)
    for number, piece in enumerate(every):
        if other is None:
            yield from windows.feed(piece)
        else:
            found_decoded += other.feed(piece)
            yield from windows.feed(piece if number else _without_mark(piece))
        if step is not None:
            step()
    yield from windows.finish()
    if other is not None:
        yield from found_decoded
        yield from other.finish()


def _without_mark(head: bytes) -> bytes:
    return head[:_MARK].translate(_HARMLESS) + head[_MARK:]


def _head(pieces: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The beginning, as much as tells an encoding; and all pieces, the first of them as long as a
    byte-order mark."""
    first, rest = [b""], iter(pieces)
    while sum(map(len, first)) < PROBE and (piece := next(rest, None)) is not None:
        if len(first[0]) < _MARK:
            first[0] += piece
        else:
            first.append(piece)
    return b"".join(first), chain(first, rest)


class _Place(NamedTuple):
    """A place in the whole text: its line, and the characters of the line before it."""

    line: int
    characters: int


class _Decoded:
    """The windows of a text that is not in UTF-8, fed with the text as it is."""

    def __init__(self, encoding: str, mark: int, windows: _Windows) -> None:
        self._encoding = encoding
        self._windows = windows
        self._decoder = getincrementaldecoder(encoding)("replace")
        self._mark = mark  # bytes still to be left out

    @classmethod
    def of(cls, head: bytes, look: Look, segment: int, context: int) -> _Decoded | None:
        """None where a text that begins with `head` is not known to be in another encoding."""
        told = decoded(head)
        if told is None:
            return None
        mark = "\ufeff".encode(told[1])
        size = len(mark) if head.startswith(mark) else 0
        return cls(told[1], size, _Windows(look, segment, context))

    def feed(self, piece: bytes) -> list[Candidate]:
        text = self._decoder.decode(piece[self._mark :])
        self._mark = 0
        return self._named(self._windows.feed(text.encode()))

    def finish(self) -> list[Candidate]:
        found = self._windows.feed(self._decoder.decode(b"", True).encode())
        return self._named([*found, *self._windows.finish()])

    def _named(self, found: Iterable[Candidate]) -> list[Candidate]:
        return [c._replace(decoded=c.decoded or self._encoding) for c in found]


class _Windows:
    """Takes a text piece by piece, and looks into each window when it is complete."""

    def __init__(self, look: Look, segment: int, context: int) -> None:
        self._look_into = look
        self._segment = segment
        self._context = max(context, 2 * _PROBE)
        self._buffer = bytearray()  # the text from where the next window begins
        self._begin = 0  # of the part that it owns, in the buffer
        self._place = _Place(1, 0)  # where the buffer begins
        self._line = b""  # of its first line what stands before it: the end of that
        self._line_before: bytes | None = None  # the end of the line before
        self._is_binary: bool | None = None

    def feed(self, piece: bytes) -> Iterator[Candidate]:
        """Takes a piece; the candidates of the windows that it completes."""
        self._buffer += piece
        while len(self._buffer) >= self._begin + self._segment + self._context:
            last = self._begin + self._segment
            # At the end of a line nothing but a multi-line match can be cut.
            line_end = self._buffer.rfind(b"\n", last - self._segment // 2, last)
            end = line_end + 1 if line_end >= 0 else last
            yield from self._look(end, end + self._context)
            self._pass(_boundary(self._buffer, max(end - self._context, 0)), end)

    def finish(self) -> list[Candidate]:
        """The candidates of what is left."""
        return self._look(len(self._buffer) + 1, len(self._buffer))

    def _look(self, end: int, last: int) -> list[Candidate]:
        """The candidates that begin in the owned part, before `end`, seen as far as `last`."""
        start = bytes(self._buffer[: min(_PROBE, last)])
        if self._is_binary is None:
            self._is_binary = b"\0" in start
        head = b""
        if self._begin:
            start, head = start.translate(_HARMLESS), self._inner_head()
        with memoryview(self._buffer) as view:
            text = b"".join((head, start, view[_PROBE:last]))
        lines_before = head.count(b"\n")
        places = Places(text)
        first = places.at(len(head) + self._begin)
        stop = places.at(len(head) + end) if end < last else None
        line, characters = self._place.line - lines_before, self._place.characters
        found: list[Candidate] = []
        for candidate in self._look_into(text):
            at = candidate.line, candidate.column
            if at < first or (stop is not None and at >= stop):
                continue
            moved, moved_end = candidate.column, candidate.end_column
            if candidate.line == lines_before + 1:
                moved += characters
            if candidate.end_line == lines_before + 1:
                moved_end += characters
            found.append(
                candidate._replace(
                    line=line + candidate.line - 1,
                    column=moved,
                    end_line=line + candidate.end_line - 1,
                    end_column=moved_end,
                )
            )
        return found

    def _inner_head(self) -> bytes:
        """What to put before a window that is not the text's beginning: the end of the line before
        it, where a marker would hold for all of a line, and a NUL where the whole is binary."""
        binary = b"\0" if self._is_binary else b""
        if self._line_before is None:
            return binary and binary + b"\n"
        return binary + self._line_before.translate(_HARMLESS) + b"\n"

    def _pass(self, size: int, end: int) -> None:
        """Lets the buffer begin `size` bytes later; what is owned begins at `end`."""
        passed = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._begin = end - size
        line, characters = self._place
        last = passed.rfind(b"\n")
        if last < 0:
            self._place = _Place(line, characters + _characters(passed))
            self._line = (self._line + passed[-_LINE_BEFORE:])[-_LINE_BEFORE:]
            return
        first = passed.rfind(b"\n", 0, last) + 1
        before = passed[max(first, last - _LINE_BEFORE) : last]
        self._line_before = before if first else (self._line + before)[-_LINE_BEFORE:]
        self._line = passed[last + 1 :][-_LINE_BEFORE:]
        self._place = _Place(line + passed.count(b"\n"), _characters(passed[last + 1 :]))


def _boundary(text: bytearray, at: int) -> int:
    """`at`, or up to three bytes before it where a character of UTF-8 would be cut."""
    for place in range(at, max(at - 4, -1), -1):
        if place >= len(text) or text[place] & 0xC0 != 0x80:
            return place
    return at


def _characters(text: bytes) -> int:
    return len(text) if text.isascii() else len(text.decode("utf-8", "surrogateescape"))
