"""The plain way to find candidates, which the detector must equal: no automaton, no windows.

Every rule's expression runs over each line (over the whole text where the rule has a span),
`assignments` over each line, and every pair of spans is compared. What the decoders are to look at
is searched for one expression after the other; the decoders themselves are the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from envguard.core.rule import Confidence, Rule
from envguard.core.secret import Secret
from envguard.detection import rulebook
from envguard.detection.assignments import ANCHOR, PATTERN, Assignment, read
from envguard.detection.automaton import Automaton
from envguard.detection.decoders.kinds import DEEPEST
from envguard.detection.decoders.triggers import triggers
from envguard.detection.detector import GENERIC, Candidate, Placed
from envguard.detection.inside import inside
from envguard.detection.known import is_known_example
from envguard.detection.proofs import PROOFS
from envguard.detection.values import Context, confidence

RULES = tuple(rule for rule in rulebook.load() if not rule.part)
# Where git looks for a NUL; a file with one there is binary, and names mean nothing in it.
BINARY_PROBE = 8000
_PATTERNS = [(rule, re.compile(rule.pattern.encode())) for rule in RULES]
# A rule with names finds only what its own anchor, or that of assignments, ends in.
_TELLERS = {
    rule.id: [Automaton.compiled([anchor]) for anchor in (ANCHOR, rule.anchor) if anchor]
    for rule in RULES
    if rule.names
}
_ORDER = {rule.id: order for order, rule in enumerate((*RULES, GENERIC))}
_TRIGGERS = triggers(RULES)
_LITERALS = [(kind, text.encode()) for kind, text in _TRIGGERS if text.isalnum()]
_EXPRESSIONS = [(kind, re.compile(t.encode())) for kind, t in _TRIGGERS if not t.isalnum()]


def assignments(line: bytes) -> tuple[Assignment, ...]:
    """The assignments in one line, from left to right."""
    return tuple(read(match) for match in re.finditer(PATTERN.encode(), line))


@dataclass(frozen=True)
class Sight:
    """A candidate as something that can be compared and read in a failing test."""

    rule: str
    value: bytes
    place: tuple[int, int, int, int]  # line, column, end line, end column
    assignment: tuple[str, str, bool, str] | None
    decoded: str | None


def sight(candidate: Candidate) -> Sight:
    """What the detector saw."""
    c = candidate
    value = c.secret.reveal().encode("utf-8", "surrogateescape")
    place = (c.line, c.column, c.end_line, c.end_column)
    return Sight(c.rule.id, value, place, c.assignment, c.decoded)


def sights(text: bytes) -> list[Sight]:
    """What there is to see in a text."""
    return [sight(placed.candidate) for placed in _placed(text, 0)]


def _placed(text: bytes, depth: int) -> list[Placed]:
    spans = _spans(text)
    if depth < DEEPEST:
        spans += [
            _Span(len(RULES) + 1 + _ORDER[c.rule.id], c.rule, start, end, c.assignment, c)
            for start, end, c in inside(text, _hits(text), lambda t: _placed(t, depth + 1))
        ]
    ranked = sorted(spans, key=lambda s: (-s.rule.confidence, s.order, s.start))
    kept: list[_Span] = []
    for span in ranked:
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return [
        Placed(span.start, span.end, _candidate(text, span))
        for span in sorted(kept, key=lambda s: s.start)
    ]


def _candidate(text: bytes, span: _Span) -> Candidate:
    value = Secret(text[span.start : span.end].decode("utf-8", "surrogateescape"))
    places = (*place(text, span.start), *place(text, span.end))
    inner = span.inner
    return Candidate(
        span.rule,
        inner.secret if inner else value,
        *places,
        marked=False,
        best=inner.best if inner else _best(span.rule, value.reveal(), span.assignment),
        assignment=span.assignment,
        decoded=inner.decoded if inner else None,
    )


def _hits(text: bytes) -> list[tuple[int, int]]:
    """The kind and the end of all that the decoders wait for, in the order of ends."""
    found: list[tuple[int, int]] = []
    for kind, literal in _LITERALS:
        at = text.find(literal)
        while at >= 0:
            found.append((kind, at + len(literal)))
            at = text.find(literal, at + 1)
    for kind, pattern in _EXPRESSIONS:
        found += [(kind, match.end()) for match in pattern.finditer(text)]
    return sorted(found, key=lambda hit: hit[1])


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
    assignment: tuple[str, str, bool, str] | None = None
    inner: Candidate | None = None


def _spans(text: bytes) -> list[_Span]:
    found: list[_Span] = []
    is_binary = b"\0" in text[:BINARY_PROBE]
    for order, (rule, pattern) in enumerate(_PATTERNS):
        for first, part in [(0, text)] if rule.span else _lines(text):
            for match in pattern.finditer(part):
                group = "secret" if "secret" in pattern.groupindex else 0
                if rule.names and not _is_told(rule, text, first, match.span(group), is_binary):
                    continue
                proved = rule.proof is None or PROOFS[rule.proof](match[group])
                if proved and not is_known_example(match[group]) and _is_likely(rule, match[group]):
                    start, end = match.span(group)
                    found.append(_Span(order, rule, first + start, first + end))
    for first, line in [] if is_binary else _lines(text):
        for a in assignments(line):
            given = a.context
            value = line[a.start : a.end]
            if not is_known_example(value) and _is_likely(GENERIC, value, given):
                found.append(_Span(len(RULES), GENERIC, first + a.start, first + a.end, given))
    return found


def _is_told(rule: Rule, text: bytes, first: int, value: tuple[int, int], is_binary: bool) -> bool:
    """Whether an anchor ends in a value, the place of which is told from `first` on."""
    generic, *own = _TELLERS[rule.id]
    ends = [end for teller in own for _, end in teller.ends(text)]
    if not is_binary:
        ends += [end for _, end in generic.ends(text)]
    return any(first + value[0] < end <= first + value[1] for end in ends)


def _best(rule: Rule, value: str, given: Context | None) -> Confidence:
    best = confidence(rule, value, given, "")
    assert best is not None
    return best


def _is_likely(rule: Rule, value: bytes, given: Context | None = None) -> bool:
    """Whether there is a file in which the value may be a credential."""
    return confidence(rule, value.decode("utf-8", "surrogateescape"), given, "") is not None


def _lines(text: bytes) -> list[tuple[int, bytes]]:
    first, lines = 0, []
    for line in text.split(b"\n"):
        lines.append((first, line))
        first += len(line) + 1
    return lines
