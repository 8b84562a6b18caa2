"""How much of a text a foreign rule's expression is run over, around what the matcher found.

Other tools run their expressions over whole files. Python's `re` takes a second for 20 KB of some
of them, so here they see a few hundred bytes, and more only where what they match goes on there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Matches = Sequence[tuple[int, int]]
"""Where matches begin and end, in bytes."""

_NEAR = 512  # bytes behind the hit that are tried first
_BEHIND = 64  # bytes before the first possible begin, for `\b` and lookbehinds
_EDGE = 4  # bytes at a cut that a match does not touch where nothing behind it counts
_MOST_KNOWN = 16 << 20  # bytes of windows, and about 256 for keeping each one
_KEPT = 256

_Key = tuple[bytes, int, int]


class Memory:
    """What a window gave once: texts repeat their parts."""

    def __init__(self) -> None:
        self._known: dict[_Key, Matches | None] = {}
        self._size = 0

    def get(self, key: _Key) -> Matches | None:
        """What was kept, None where nothing was."""
        return self._known.get(key)

    def keep(self, key: _Key, found: Matches) -> None:
        """Keeps what a window gave."""
        self._size += len(key[0]) + _KEPT
        if self._size > _MOST_KNOWN:
            self._known.clear()
            self._size = len(key[0]) + _KEPT
        self._known[key] = found


class Window:
    """Where matches can be that hold a hit of the matcher.

    They begin at most `before` bytes before its end, and go on for at most `after` bytes behind it;
    `far`: their end may be some lines away. `whole`: the hit is but a keyword, and the whole text
    is looked at.
    """

    def __init__(self, before: int, after: int, far: bool, whole: bool) -> None:
        self._before = before
        self._after = after
        self._far = far
        self._whole = whole

    def matches(
        self, pattern: re.Pattern[str], text: bytes, end: int, done: int, memory: Memory
    ) -> tuple[Matches, int]:
        """The matches around a hit that ends at `end`, of those that begin at `done` or later; and
        before which byte no other one is to be looked for."""
        if self._whole:
            return _found(pattern, text, 0, len(text)), len(text)
        begin = max(done, end - self._before, 0)
        first = max(begin - _BEHIND, 0)
        last = end + (self._after if self._far else min(self._after, _NEAR))
        found, resume = self._seen(pattern, text, first, begin, end, last, memory)
        is_cut = last < min(end + self._after, len(text)) and b"\n" not in text[end:last]
        if is_cut and (not found or found[-1][1] > last - _EDGE):
            found, resume = self._seen(pattern, text, first, begin, end, end + self._after, memory)
        return found, resume

    def _seen(
        self,
        pattern: re.Pattern[str],
        text: bytes,
        first: int,
        begin: int,
        end: int,
        last: int,
        memory: Memory,
    ) -> tuple[Matches, int]:
        key = text[first:last], begin - first, end - first
        found = memory.get(key)
        if found is None:
            found = _found(pattern, *key)
            memory.keep(key, found)
        found = [(first + start, first + stop) for start, stop in found]
        return found, max([begin, *(stop for _, stop in found)])


def _found(pattern: re.Pattern[str], window: bytes, begin: int, end: int) -> Matches:
    """The matches in a window that begin from `begin` to `end`."""
    text = window.decode("utf-8", "surrogateescape")
    if len(text) == len(window):
        return _spans(pattern, text, begin, end)

    def characters(at: int) -> int:
        return len(window[:at].decode("utf-8", "surrogateescape"))

    def size(part: str) -> int:
        return len(part.encode("utf-8", "surrogateescape"))

    found = _spans(pattern, text, characters(begin), characters(end))
    return [(size(text[:start]), size(text[:stop])) for start, stop in found]


def _spans(pattern: re.Pattern[str], text: str, begin: int, end: int) -> Matches:
    spans: list[tuple[int, int]] = []
    for match in pattern.finditer(text, begin):
        if match.start() >= end:
            break
        if match.end() > match.start():
            spans.append(match.span())
    return spans
