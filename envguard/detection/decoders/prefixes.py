"""What a rule's matches hold for certain: the literal parts of its anchor, as sets of bytes.

`gh[pousr]_[A-Za-z0-9]{36}` becomes `ghp_`, `gho_` … each with a few of the letters that follow:
what is encoded then says more. Where case does not matter, words in small letters (`token`) are
names that people give, and are everywhere; others (`AccountKey`) are read as they stand there.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from math import log2
from typing import Any

if sys.version_info >= (3, 11):
    from re import _constants as codes
    from re import _parser as parser
else:
    import sre_constants as codes
    import sre_parse as parser

Bytes = tuple[frozenset[int], ...]
"""A text of known length: which bytes may stand at each place."""

_ANY = frozenset(range(256))
_LONGEST = 60  # places that are read of an anchor
_MOST = 64  # alternatives that are read of an anchor
_EXACT = 9  # places of a prefix that are kept of one that is longer
_AROUND = 3  # places beside the exact ones
_LEAST = 27.0  # bits that a prefix must fix: `://` alone is everywhere


_Alternative = tuple[Bytes, bool]
"""A text, and whether what follows it is known."""

_UNKNOWN: _Alternative = ((), False)


def prefixes(anchor: str) -> list[Bytes]:
    """The most telling piece of each alternative of an anchor; those that tell too little are left
    out."""
    found: dict[Bytes, None] = {}
    # An anchor may use what Hyperscan knows and Python does not.
    with suppress(re.error):
        found.update(dict.fromkeys(_telling(anchor)))
    return list(found)


def _telling(anchor: str) -> Iterator[Bytes]:
    for places, _ in _read(parser.parse(anchor)):
        best = max(_pieces(places), key=_bits, default=())
        if _bits(best) >= _LEAST:
            yield best


def runs(piece: Bytes) -> Iterator[tuple[int, int]]:
    """Where the places stand that only one byte can take."""
    start = 0
    for end, place in enumerate((*piece, _ANY)):
        if len(place) > 1:
            yield start, end
            start = end + 1


def _bits(piece: Bytes) -> float:
    return sum(8 - log2(len(place)) for place in piece)


def _pieces(places: Bytes) -> Iterator[Bytes]:
    """Each run of three exact places or more, with what stands around it."""
    for start, end in runs(places):
        if end - start >= 3:
            last = min(end, start + _EXACT)
            yield places[max(start - _AROUND, 0) : last + _AROUND if last == end else last]


def _read(expression: Any) -> list[_Alternative]:
    """The alternatives of an expression; False: what follows is unknown."""
    found: list[_Alternative] = [((), True)]
    for operation, argument in expression:
        options = _options(operation, argument)
        if len(options) * len(found) > _MOST:
            options = [_UNKNOWN]
        found = [
            ((*head, *tail), more) if open_ else (head, False)
            for head, open_ in found
            for tail, more in (options if open_ else [_UNKNOWN])
        ]
        if all(len(head) >= _LONGEST or not open_ for head, open_ in found):
            break
    return found


def _options(operation: Any, argument: Any) -> list[_Alternative]:
    if operation is codes.LITERAL:
        return [((frozenset([argument]),), True)] if argument < 256 else [_UNKNOWN]
    if operation is codes.IN:
        members = _members(argument)
        # A few letters are read as so many texts, which are the rarer.
        if len(members) <= 8:
            return [((frozenset([member]),), True) for member in sorted(members)]
        return [((members,), True)]
    if operation is codes.SUBPATTERN:
        _, added, _, inner = argument
        options = _read(inner)
        if added & codes.SRE_FLAG_IGNORECASE:
            options = [
                option if _is_written_in_capitals(option[0]) else _UNKNOWN for option in options
            ]
        return options
    if operation is codes.BRANCH:
        return [option for branch in argument[1] for option in _read(branch)]
    if operation is codes.MAX_REPEAT:
        least, most, inner = argument
        if least == 0 and most == 1:
            return [((), True), *_read(inner)]
        places = _read(inner)
        if len(places) == 1:
            repeated = places[0][0] * min(least, _LONGEST)
            return [(repeated, least == most)]
        if all(len(text) == 1 for text, _ in places):
            union = frozenset().union(*(text[0] for text, _ in places))
            return [((union,) * min(least, _LONGEST), least == most)]
    return [_UNKNOWN]


def _members(items: Iterable[Any]) -> frozenset[int]:
    found: set[int] = set()
    for operation, argument in items:
        if operation is codes.LITERAL:
            found.add(argument)
        elif operation is codes.RANGE:
            found.update(range(argument[0], argument[1] + 1))
        else:  # negated, or a category such as \s: too much to tell
            return _ANY
    return frozenset(found) & _ANY or _ANY


def _is_written_in_capitals(text: Bytes) -> bool:
    return any(len(place) == 1 and chr(*place).isupper() for place in text)
