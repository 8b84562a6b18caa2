"""Masking values in a stream of bytes, while it flows.

What is guaranteed, for every form (`forms.py`) of every value, however the stream is cut into
pieces:

1. No form comes out whole. Where one occurs in the stream, a mask, `***KEY***`, stands in its
   place. Before that mask its first bytes may stand, as many as `may_be_shown` says and no more,
   and only where the writer paused right in the middle of it (see 3).
2. A byte that belongs to no form comes out unchanged and in its place.
3. Nothing waits without need. Only the end of the stream that could be the beginning of a form is
   held back. When the writer pauses for WAIT seconds, `release` gives out what rule 1 allows of
   it: a prompt that ends like a value begins is seen. More than that waits for the next byte.

Forms that overlap are masked together; of those that begin at the same byte the longest counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any, NamedTuple

import hyperscan

from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.launch.forms import forms

WAIT = 0.025
"""Seconds of silence after which `release` is called: with the time to wake up, less than 50 ms."""

_HEAD = 8


class _Form(NamedTuple):
    text: bytes
    mask: bytes
    shown: int


class _Match(NamedTuple):
    start: int
    end: int
    mask: bytes


class Redactor:
    """The forms of the values, compiled. `unmasked` are the keys whose values are too short."""

    def __init__(self, values: Iterable[tuple[str, Secret]]) -> None:
        self.unmasked: list[str] = []
        known: dict[bytes, _Form] = {}
        for key, secret in values:
            found = forms(secret.reveal())
            if not found and secret:
                self.unmasked.append(key)
            mask = f"***{printable(key)}***".encode()
            for text, shown in found.items():
                known.setdefault(text, _Form(text, mask, shown))
        heads: dict[bytes, list[_Form]] = {}
        for form in sorted(known.values(), key=lambda form: -len(form.text)):
            heads.setdefault(form.text[:_HEAD], []).append(form)
        self._heads = list(heads.items())
        self._beginnings: dict[bytes, int] = {}
        for head, group in self._heads:
            least = min(form.shown for form in group)
            for length in range(1, len(head)):
                beginning = head[:length]
                known_least = self._beginnings.get(beginning, least)
                self._beginnings[beginning] = min(least, known_least)
        # Most texts end like no beginning of three bytes or more: one look says so.
        self._ends = frozenset(head[-3:] for head in self._beginnings if len(head) > 2)
        self._scan = _compiled(list(heads)).scan if heads else None

    def stream(self) -> Stream:
        """A new stream in which these values are masked."""
        return Stream(self)

    def heads_in(self, data: bytes) -> list[tuple[int, int]]:
        """Where the first bytes of forms stand in `data`: their numbers, and where they end."""
        hits: list[tuple[int, int]] = []
        if self._scan is not None:
            self._scan(data, _note, 0, hits)
        return hits

    def open_end(self, data: bytes) -> int:
        """How many bytes at the end of `data` could be the first bytes of a form, and are too few
        for `heads_in`."""
        beginnings = self._beginnings
        if data[-3:] in self._ends:
            for length in range(min(_HEAD - 1, len(data)), 2, -1):
                if data[-length:] in beginnings:
                    return length
        if len(data) > 1 and data[-2:] in beginnings:
            return 2
        return 1 if data[-1:] in beginnings else 0

    def look(
        self, data: bytes, hits: Iterable[tuple[int, int]]
    ) -> tuple[list[_Match], list[tuple[int, int]]]:
        """The forms in `data`, by their start; and what could become one when more follows: its
        start, and where the bytes end that may be shown of it. `hits` are its `heads_in`."""
        matches: list[_Match] = []
        opened: list[tuple[int, int]] = []
        for number, end in hits:
            head, group = self._heads[number]
            start = end - len(head)
            rest = data[start : start + len(group[0].text)]
            for form in group:  # the longest first
                if rest.startswith(form.text):
                    matches.append(_Match(start, start + len(form.text), form.mask))
                    break
                if start + len(rest) == len(data) and form.text.startswith(rest):
                    opened.append((start, start + form.shown))
        for length in range(1, min(_HEAD, len(data) + 1)):
            shown = self._beginnings.get(data[-length:])
            if shown is not None:
                opened.append((len(data) - length, len(data) - length + shown))
        matches.sort(key=lambda match: (match.start, -match.end))
        return matches, opened


class Stream:
    """One stream. `feed` takes what was written and returns what may be shown of it; after WAIT
    seconds without more, `release` returns what may be shown early; `close` returns the rest."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = b""
        # Up to here, what is held was shown or masked already; it is kept to know what follows.
        self._done = 0

    @property
    def holding(self) -> bool:
        """Whether something waits that has not been shown."""
        return self._done < len(self._held)

    def feed(self, data: bytes) -> bytes:
        """What can be shown now that `data` was written."""
        held = self._held + data if self._held else data
        hits = self._redactor.heads_in(held)
        if not hits:
            # The usual case, and all that it costs: nothing of a form but perhaps its beginning.
            waiting = self._redactor.open_end(held)
            done = self._done
            if not waiting:
                self._held, self._done = b"", 0
                return held[done:] if done else held
            edge = len(held) - waiting
            self._held = held[edge:]
            self._done = done - edge if done > edge else 0
            return held[done:edge]
        self._held = held
        matches, opened = self._redactor.look(held, hits)
        edge = min(map(itemgetter(0), opened), default=len(self._held))
        shown = self._show(matches, edge)
        self._held = self._held[edge:]
        self._done -= edge
        return shown

    def release(self) -> bytes:
        """What may be shown of the beginnings that are held, because nothing has followed."""
        held = self._held
        matches, opened = self._redactor.look(held, self._redactor.heads_in(held))
        return self._show(matches, min(map(itemgetter(1), opened), default=len(self._held)))

    def close(self) -> bytes:
        """The rest, when nothing will follow."""
        held = self._held
        matches, _ = self._redactor.look(held, self._redactor.heads_in(held))
        shown = self._show(matches, len(self._held))
        self._held, self._done = b"", 0
        return shown

    def _show(self, matches: list[_Match], edge: int) -> bytes:
        """What was not shown yet of what begins before `edge`."""
        edge = min(edge, len(self._held))
        shown: list[bytes] = []
        for start, end, mask in matches:
            if start >= edge:
                break
            if start > self._done:
                shown.append(self._held[self._done : start])
                self._done = start
            if end > self._done:
                shown.append(mask)
                self._done = end
        if self._done < edge:
            shown.append(self._held[self._done : edge])
            self._done = edge
        return b"".join(shown)


def _note(number: int, _start: int, end: int, _flags: int, hits: Any) -> None:
    hits.append((number, end))


def _compiled(heads: list[bytes]) -> hyperscan.Database:
    """Every head as a literal; only the first bytes, so that Hyperscan reads at its full speed."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=["".join(f"\\x{byte:02x}" for byte in head).encode() for head in heads],
        ids=list(range(len(heads))),
        flags=[0] * len(heads),
    )
    database.scratch = hyperscan.Scratch(database)
    return database
