"""The plain way to find candidates, which the detector must equal: no automaton, no windows.

Every rule's expression runs over each line (over the whole text where the rule has a span),
`assignments` over each line, and every pair of spans is compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from envguard.core.rule import Rule
from envguard.detection import rulebook
from envguard.detection.assignments import PATTERN, Assignment, read
from envguard.detection.detector import GENERIC, Candidate
from envguard.detection.known import is_known_example
from envguard.detection.proofs import PROOFS

RULES = rulebook.load()
# Where git looks for a NUL; a file with one there is binary, and names mean nothing in it.
BINARY_PROBE = 8000
_PATTERNS = [(rule, re.compile(rule.pattern.encode())) for rule in RULES]


def assignments(line: bytes) -> tuple[Assignment, ...]:
    """The assignments in one line, from left to right."""
    return tuple(read(match) for match in re.finditer(PATTERN.encode(), line))


@dataclass(frozen=True)
class Sight:
    """A candidate as something that can be compared and read in a failing test."""

    rule: str
    value: bytes
    place: tuple[int, int, int, int]  # line, column, end line, end column
    assignment: tuple[str, str, bool] | None


def sight(candidate: Candidate) -> Sight:
    """What the detector saw."""
    c = candidate
    value = c.secret.reveal().encode("utf-8", "surrogateescape")
    place = (c.line, c.column, c.end_line, c.end_column)
    return Sight(c.rule.id, value, place, c.assignment)


def sights(text: bytes) -> list[Sight]:
    """What there is to see in a text."""
    spans = _spans(text)
    ranked = sorted(spans, key=lambda s: (-s.rule.confidence, s.order, s.start))
    kept: list[_Span] = []
    for span in ranked:
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return [
        Sight(
            span.rule.id,
            text[span.start : span.end],
            (*place(text, span.start), *place(text, span.end)),
            span.assignment,
        )
        for span in sorted(kept, key=lambda s: s.start)
    ]


def place(text: bytes, offset: int) -> tuple[int, int]:
    """Line and column, in characters, of a byte; both count from 1."""
    lines = text[:offset].split(b"\n")
    return len(lines), len(lines[-1].decode("utf-8", "surrogateescape")) + 1


@dataclass(frozen=True)
class _Span:
    order: int
    rule: Rule
    start: int
    end: int
    assignment: tuple[str, str, bool] | None = None


def _spans(text: bytes) -> list[_Span]:
    found: list[_Span] = []
    for order, (rule, pattern) in enumerate(_PATTERNS):
        for first, part in [(0, text)] if rule.span else _lines(text):
            for match in pattern.finditer(part):
                group = "secret" if "secret" in pattern.groupindex else 0
                proved = rule.proof is None or PROOFS[rule.proof](match[group])
                if proved and not is_known_example(match[group]):
                    start, end = match.span(group)
                    found.append(_Span(order, rule, first + start, first + end))
    for first, line in [] if b"\0" in text[:BINARY_PROBE] else _lines(text):
        for a in assignments(line):
            if not is_known_example(line[a.start : a.end]):
                given = a.key, a.operator, a.quoted
                found.append(_Span(len(RULES), GENERIC, first + a.start, first + a.end, given))
    return found


def _lines(text: bytes) -> list[tuple[int, bytes]]:
    first, lines = 0, []
    for line in text.split(b"\n"):
        lines.append((first, line))
        first += len(line) + 1
    return lines
