"""Known values, looked for as they are: raw, escaped, over several lines, or in base64.

The automaton is compiled in memory and never kept: it holds the values.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

from envguard.core.secret import Secret
from envguard.detection.automaton import Automaton
from envguard.detection.scoring import looks_random

SHORTEST = 8
"""Characters; anything shorter stands everywhere."""

_LONGEST_WORD = 18  # characters of a word that people would choose

_LONGEST = 1000  # bytes of a value that are looked for; Hyperscan takes 16,000 bytes a pattern
_FRAGMENT = 12  # characters of a piece that is looked for in place of the whole
# What a file may write in another way: quotes, escapes, line ends, variables.
_WRITTEN_OTHERWISE = re.compile(r"[\"'`\\\s$<>&]+")
_GROUP = 3  # bytes that four characters of base64 stand for: RFC 4648, section 4


def is_searchable(value: Secret) -> bool:
    """Whether a value says enough to be looked for: 8 characters or more, and no plain word."""
    text = value.reveal()
    return len(text) >= SHORTEST and (not _is_word(text) or looks_random(text))


class Literals:
    """The values that are looked for, by their place in the sequence."""

    def __init__(self, values: Sequence[Secret]) -> None:
        self._numbers: list[int] = []
        expressions: list[str] = []
        for number, value in enumerate(values):
            for needle in _needles(value.reveal()):
                self._numbers.append(number)
                expressions.append("".join(f"\\x{byte:02x}" for byte in needle[:_LONGEST]))
        self._automaton = Automaton.compiled(expressions) if expressions else None

    def __repr__(self) -> str:
        return f"Literals({len(set(self._numbers))} values)"

    def find(self, text: bytes) -> list[tuple[int, int]]:
        """The number of each value in a text and the byte where it ends, in order."""
        if self._automaton is None:
            return []
        return [(self._numbers[needle], end) for needle, end in self._automaton.ends(text)]


def _is_word(text: str) -> bool:
    written = text.islower() or text.isupper() or text.istitle()
    return len(text) <= _LONGEST_WORD and text.isalpha() and written


def _needles(text: str) -> list[bytes]:
    """What to look for, for one value: itself; its longest piece that reads alike in every
    notation; and all of its base64 that does not depend on what follows it."""
    raw = text.encode("utf-8", "surrogateescape")
    needles = [raw]
    piece = max(_WRITTEN_OTHERWISE.split(text), key=len)
    if piece != text and len(piece) >= _FRAGMENT:
        needles = [piece.encode("utf-8", "surrogateescape")]
    encoded = base64.b64encode(raw[: len(raw) // _GROUP * _GROUP])
    if len(encoded) >= _FRAGMENT:
        needles.append(encoded)
    return needles
