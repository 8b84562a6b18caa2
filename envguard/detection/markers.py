"""Inline markers: comments by which an author says that a line is no finding."""

from __future__ import annotations

import re

# The markers of the field, each from its tool's documentation: gitleaks and betterleaks
# (`gitleaks:allow`), detect-secrets (`pragma: allowlist secret`, `… nextline secret`), trufflehog
# (`trufflehog:ignore`), ggshield (`ggignore`), kingfisher (`kingfisher:ignore`), and our own.
_SAME_LINE = re.compile(
    rb"(?i:envguard:allow(?![- ]next)|gitleaks:allow|betterleaks:allow|trufflehog:ignore"
    rb"|kingfisher:ignore|\bggignore\b|pragma: ?(?:allow|white)list[ -]secret)"
)
_NEXT_LINE = re.compile(
    rb"(?i:envguard:allow[- ]next[- ]?line|pragma: ?(?:allow|white)list[ -]nextline[ -]secret)"
)

_LONGEST = 40  # bytes of a marker, and more
_REACH = 2048
"""How far from the span, in bytes, a marker in a long line still counts."""


class Markers:
    """The markers of a text, for spans that are asked for in order.

    A line may be long and hold thousands of spans: each byte is looked at once.
    """

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._looked = 0  # up to where markers for the same line have been looked for
        self._last = -1  # where the last of them begins
        self._line_start = -1
        self._is_next_allowed = False

    def allow(self, line_start: int, start: int, end: int) -> bool:
        """Whether a line of the span from byte `start` to `end`, or the line before, allows it;
        `line_start` is where the line of the span begins."""
        first = max(line_start, start - _REACH)
        last = self._text.find(b"\n", end, end + _REACH)
        self._look(first, min(end + _REACH, len(self._text)) if last < 0 else last)
        if self._last >= first:
            return True
        if line_start != self._line_start:
            self._line_start = line_start
            self._is_next_allowed = self._is_allowed_before(line_start)
        return self._is_next_allowed

    def _look(self, first: int, last: int) -> None:
        begin = max(first, self._looked - _LONGEST)
        part = self._text[begin:last]
        if last > self._looked and _is_hinted(part):
            for match in _SAME_LINE.finditer(part):
                self._last = begin + match.start()
        self._looked = max(self._looked, last)

    def _is_allowed_before(self, line_start: int) -> bool:
        if not line_start:
            return False
        nearest = max(line_start - 1 - _REACH, 0)
        first = self._text.rfind(b"\n", nearest, line_start - 1) + 1 or nearest
        before = self._text[first : line_start - 1]
        return _is_hinted(before) and _NEXT_LINE.search(before) is not None


def _is_hinted(line: bytes) -> bool:
    """Every marker holds one of these words; to look for them is a hundred times as fast."""
    lower = line.lower()
    return b"allow" in lower or b"ignore" in lower or b"whitelist" in lower
