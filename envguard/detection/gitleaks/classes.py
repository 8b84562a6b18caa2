"""Named classes of characters in Go's regular expressions, as ranges of code points.

https://pkg.go.dev/regexp/syntax
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable
from functools import cache

Ranges = list[tuple[int, int]]
"""First and last code point of each range."""


def _ranges(text: str) -> Ranges:
    return [(ord(pair[0]), ord(pair[-1])) for pair in text.split("|")]


PERL: dict[str, Ranges] = {
    "d": _ranges("0-9"),
    "s": _ranges("\t-\n|\f-\r| "),  # without \v, other than Python's
    "w": _ranges("0-9|A-Z|_|a-z"),
}
"""The classes that one letter names; they know ASCII only."""

_POSIX: dict[str, Ranges] = {
    "alnum": _ranges("0-9|A-Z|a-z"),
    "alpha": _ranges("A-Z|a-z"),
    "ascii": [(0, 0x7F)],
    "blank": _ranges("\t| "),
    "cntrl": [(0, 0x1F), (0x7F, 0x7F)],
    "digit": _ranges("0-9"),
    "graph": _ranges("!-~"),
    "lower": _ranges("a-z"),
    "print": _ranges(" -~"),
    "punct": _ranges("!-/|:-@|[-`|{-~"),
    "space": _ranges("\t-\r| "),
    "upper": _ranges("A-Z"),
    "word": _ranges("0-9|A-Z|_|a-z"),
    "xdigit": _ranges("0-9|A-F|a-f"),
}


def posix(name: str) -> Ranges:
    """The class `[:name:]`. Raises ValueError for an unknown one."""
    if name not in _POSIX:
        raise ValueError(f"it has a class that Go does not know: [:{name}:]")
    return _POSIX[name]


def unicode_class(name: str) -> Ranges:
    r"""The class `\p{name}`: a general category. Raises ValueError for another one: Python has no
    data of scripts."""
    if name == "Any":
        return [(0, sys.maxunicode)]
    found = list(_category(name))
    if not found or not name:
        raise ValueError(f"it has a class that is no general category of Unicode: \\p{{{name}}}")
    return found


@cache
def _category(name: str) -> tuple[tuple[int, int], ...]:
    # To look at every character takes half a second.
    return tuple(
        _merged(
            code
            for code in range(sys.maxunicode + 1)
            if unicodedata.category(chr(code)).startswith(name)
        )
    )


def complement(ranges: Ranges) -> Ranges:
    """Every character that is in none of the ranges."""
    found: Ranges = []
    start = 0
    for low, high in sorted(ranges):
        if low > start:
            found.append((start, low - 1))
        start = max(start, high + 1)
    if start <= sys.maxunicode:
        found.append((start, sys.maxunicode))
    return found


def _merged(codes: Iterable[int]) -> Ranges:
    found: Ranges = []
    for code in codes:
        if found and found[-1][1] == code - 1:
            found[-1] = (found[-1][0], code)
        else:
            found.append((code, code))
    return found
