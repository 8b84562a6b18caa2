"""The decoders: from a hit of `triggers` to the piece around it, decoded."""

from __future__ import annotations

import re
from binascii import a2b_base64, unhexlify
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple

from envguard.detection.decoders.kinds import (
    BACKSLASH_X,
    BASE64,
    HEX,
    PERCENT,
    SPLIT,
    UNICODE,
)
from envguard.detection.decoders.pieces import MOST, run, wrapped
from envguard.detection.decoders.strings import joined

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_FOR_URLS = bytes.maketrans(b"-_", b"+/")
_DIGITS = b"0123456789abcdefABCDEF"
_BLANKS = b" \t\r\n"
_WORD = re.compile(rb"[^ \t\r\n]+")
_UNBROKEN = bytes(set(range(256)) - set(_BLANKS + b"\"'`"))
"""What stands in one word, or in one string without blanks: escapes and what is not escaped."""

_TAIL = 6  # bytes of a run's hit that may follow the run
_ESCAPES = {
    PERCENT: ("percent", re.compile(rb"%([0-9A-Fa-f]{2})")),
    UNICODE: ("unicode escapes", re.compile(rb"\\u([0-9A-Fa-f]{4})")),
    BACKSLASH_X: ("hex escapes", re.compile(rb"\\x([0-9A-Fa-f]{2})")),
}


_Point = tuple[int, int]
"""A place in the plain text, and where it stands in the encoded one."""


class Decoded(NamedTuple):
    """What a piece of a text, from byte `start` to `end` there, says in plain. `place` tells where
    in that text the byte stands that became a given byte of the plain one."""

    text: bytes
    start: int
    end: int
    encoding: str
    place: Callable[[int], int]


def decode(kind: int, text: bytes, end: int, low: int, *, across: bool) -> Decoded | None:
    """The piece around a hit of `kind` that ends at `end`, not from before the byte `low`.

    `across`: the piece with the lines before and after, where it is wrapped into lines; None
    where it is not.
    """
    if kind in BASE64:
        found = _place(text, end, low, _BASE64, across)
        return found and _base64(text, *found, end, kind - BASE64[0])
    if kind in HEX:
        found = _place(text, end, low, _DIGITS, across)
        return found and _hex(text, *found, end, kind - HEX[0])
    if across:
        return None
    return _joined(text, end, low) if kind == SPLIT else _unescaped(kind, text, end, low)


def _place(
    text: bytes, end: int, low: int, alphabet: bytes, across: bool
) -> tuple[int, int] | None:
    line = run(text, end, low, alphabet)
    return wrapped(text, line, low, alphabet) if across else line


def _base64(text: bytes, start: int, stop: int, end: int, phase: int) -> Decoded:
    letters, skipped = _in_groups(text, start, stop, end, phase, 4)
    letters = letters.translate(_FOR_URLS)
    rest = len(letters) % 4
    letters = letters[:-1] if rest == 1 else letters + b"=" * (-rest % 4)
    nth = _Places(_words(text, start, stop), stop)
    # The letter in which the byte begins.
    return Decoded(
        a2b_base64(letters), start, stop, "base64", lambda at: nth(skipped + at * 4 // 3)
    )


def _hex(text: bytes, start: int, stop: int, end: int, phase: int) -> Decoded:
    digits, skipped = _in_groups(text, start, stop, end, phase, 2)
    nth = _Places(_words(text, start, stop), stop)
    return Decoded(
        unhexlify(digits[: len(digits) & ~1]), start, stop, "hex", lambda at: nth(skipped + at * 2)
    )


def _in_groups(
    text: bytes, start: int, stop: int, end: int, phase: int, size: int
) -> tuple[bytes, int]:
    """The letters from the first whole group on, and how many stand before it; up to `end` there
    are `phase` more than groups of `size`."""
    before = len(text[start:end].translate(None, _BLANKS))
    skipped = (before - phase) % size
    return text[start:stop].translate(None, _BLANKS)[skipped:], skipped


def _words(text: bytes, start: int, stop: int) -> Iterator[_Point]:
    letters = 0
    for word in _WORD.finditer(text, start, stop):
        yield letters, word.start()
        letters += word.end() - word.start()


def _joined(text: bytes, end: int, low: int) -> Decoded | None:
    literals = joined(text, end, low)
    if literals is None:
        return None
    sizes = accumulate((len(content) for _, content in literals), initial=0)
    stop = literals[-1][0] + len(literals[-1][1])
    place = _Places(zip(sizes, (start for start, _ in literals), strict=False), stop)
    plain = b"".join(content for _, content in literals)
    return Decoded(plain, literals[0][0], stop, "split string", place)


def _unescaped(kind: int, text: bytes, end: int, low: int) -> Decoded | None:
    """All escapes of this kind in the word around the hit; the rest of the word as it stands."""
    name, escape = _ESCAPES[kind]
    # The hit ends with what follows the run, which may be the beginning of another escape.
    at = text.rfind(b"%" if kind == PERCENT else b"\\", low, max(end - _TAIL, low))
    if at < 0:
        return None
    start, stop = run(text, at, low, _UNBROKEN, before=MOST)
    plain = escape.sub(_character, text[start:stop])
    return Decoded(plain, start, stop, name, _Places(_escapes(escape, text, start, stop), stop))


def _escapes(escape: re.Pattern[bytes], text: bytes, start: int, stop: int) -> Iterator[_Point]:
    plain, last = 0, start
    yield plain, start
    for match in escape.finditer(text, start, stop):
        plain += match.start() - last
        last = match.end()
        yield plain, match.start()
        plain += len(_character(match))
        yield plain, last


def _character(match: re.Match[bytes]) -> bytes:
    code = int(match[1], 16)
    if len(match[1]) == 2:
        return bytes([code])
    return chr(code).encode("utf-8", "surrogatepass")


class _Places:
    """Where the bytes of a plain text stand in the encoded one. From each of the `points` on, in
    order, both go on byte by byte; they are taken when the first place is asked for."""

    def __init__(self, points: Iterable[_Point], stop: int) -> None:
        self._points = iter(points)
        self._plain: list[int] = []
        self._encoded: list[int] = []
        self._stop = stop

    def __call__(self, at: int) -> int:
        for plain, encoded in self._points:
            self._plain.append(plain)
            self._encoded.append(encoded)
        point = bisect_right(self._plain, at) - 1
        return min(self._encoded[point] + at - self._plain[point], self._stop)
