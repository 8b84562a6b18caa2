"""From a document to its candidates, and from a candidate to how sure we are.

Two stages: the automaton says where something ends that may be a credential; then, there only,
the rule's own expression gives the exact span, and its proof, the markers and the context decide.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from envguard.core.document import Document
from envguard.core.rule import Confidence, Rule, Severity
from envguard.core.secret import Secret
from envguard.detection import assignments
from envguard.detection.assignments import Assignment
from envguard.detection.automaton import Automaton
from envguard.detection.encodings import decoded
from envguard.detection.known import is_known_example
from envguard.detection.markers import Markers
from envguard.detection.places import Places
from envguard.detection.proofs import PROOFS

GENERIC = Rule(
    id="generic-credential",
    title="Credential in an assignment",
    severity=Severity.MEDIUM,
    confidence=Confidence.LOW,
    pattern=assignments.PATTERN,
    anchor=assignments.ANCHOR,
    source="",
    revoke="",
    proof=None,
    span=0,
    weighed=True,
    examples=(),
    non_examples=(),
)
"""The finder of `assignments.py`, under the name that its findings carry."""

REACH = 2048
"""How many bytes an expression may take up in a line, with what its lookaheads see; a rule's
`span` says so where it is more."""

_BEHIND = 64  # bytes that lookbehinds, and the names of assignments, see before a cut in a line
_BINARY_PROBE = 8000  # how far git looks for a NUL (buffer_is_binary in its xdiff-interface.c)


class Candidate(NamedTuple):
    """A possible credential in a document. Lines and columns count from 1, columns in characters.

    `assignment` holds what the context says where the rule is GENERIC (else None).
    """

    rule: Rule
    secret: Secret
    line: int
    column: int
    end_line: int
    end_column: int
    marked: bool
    assignment: tuple[str, str, bool] | None = None  # key, operator, quoted
    decoded: str | None = None  # the encoding, where it is not UTF-8

    def confidence(self, path: str) -> Confidence | None:
        """How sure we are of it in the file `path`; None: it is none there."""
        if not self.rule.weighed:
            return self.rule.confidence
        # Most texts that are scanned have no candidate, and a start costs 3 ms less without it.
        from envguard.detection.scoring import weigh, weigh_chosen  # noqa: PLC0415

        if self.assignment is None:
            return weigh_chosen(self.secret.reveal(), self.rule.confidence, path)
        key, operator, quoted = self.assignment
        return weigh(key, self.secret.reveal(), quoted=quoted, operator=operator, path=path)


class _Span(NamedTuple):
    order: int
    rule: Rule
    start: int
    end: int
    assignment: Assignment | None = None


_Found = tuple[int, int, Assignment | None]
"""Start and end in a window, in bytes."""

_Answer = tuple[tuple[_Found, ...], int]
"""What a window holds, and from where in it the next match may begin."""

_MOST_KNOWN = 64 << 20  # bytes of windows, and about 256 for keeping each one
_KEPT = 256


class Detector:
    """Finds candidates for `rules`; `automaton` is compiled from `anchors(rules)`."""

    def __init__(self, rules: Sequence[Rule], automaton: Automaton) -> None:
        self._rules = (*rules, GENERIC)
        self._generic = len(rules)
        self._automaton = automaton
        self._patterns: dict[int, re.Pattern[bytes]] = {}  # compiled when they are needed
        # Versions of a file repeat their lines: what a line gave once is not looked for again.
        self._known: dict[tuple[int, bytes, int, int], _Answer] = {}
        self._known_bytes = 0

    def candidates(self, document: Document) -> list[Candidate]:
        """The candidates of a document, in order; where two overlap, the more specific one.

        A text that begins like UTF-16 or UTF-32 is looked at both as it is and decoded: its first
        bytes may be false.
        """
        found = self._candidates(document.text, None)
        other = decoded(document.text)
        return found if other is None else [*found, *self._candidates(*other)]

    def _candidates(self, text: bytes, encoding: str | None) -> list[Candidate]:
        ends = self._automaton.ends(text)
        if not ends:
            return []
        spans = list(self._spans(text, ends))
        return _located(text, _without_overlaps(spans), encoding) if spans else []

    def _spans(self, text: bytes, ends: Iterable[tuple[int, int]]) -> Iterator[_Span]:
        """What a search of each whole line (of the whole text, for rules with a span) would give,
        by looking around the hits only."""
        looked: dict[int, int] = {}  # expression -> before which byte no other match begins
        binary = b"\0" in text[:_BINARY_PROBE]
        for number, end in ends:
            done = looked.get(number, 0)
            if end <= done or (binary and number == self._generic):
                continue
            rule = self._rules[number]
            first, begin, limit, last = _window(text, done, end, rule.span)
            found, resume = self._found(number, text[first:last], begin - first, limit - first)
            looked[number] = first + resume
            for start, stop, assignment in found:
                yield _Span(number, rule, first + start, first + stop, assignment)

    def _found(self, number: int, window: bytes, begin: int, limit: int) -> _Answer:
        """The matches in a window that begin from `begin` on and before `limit`."""
        known = self._known.get((number, window, begin, limit))
        if known is not None:
            return known
        found: list[_Found] = []
        resume = limit
        for match in self._pattern(number).finditer(window, begin):
            if match.start() >= limit:
                break
            resume = max(resume, match.end())
            value = self._value(number, match)
            if value is not None:
                found.append(value)
        answer = tuple(found), resume
        self._known_bytes += len(window) + _KEPT
        if self._known_bytes > _MOST_KNOWN:
            self._known.clear()
            self._known_bytes = len(window) + _KEPT
        self._known[number, window, begin, limit] = answer
        return answer

    def _pattern(self, number: int) -> re.Pattern[bytes]:
        pattern = self._patterns.get(number)
        if pattern is None:
            pattern = self._patterns[number] = re.compile(self._rules[number].pattern.encode())
        return pattern

    def _value(self, number: int, match: re.Match[bytes]) -> _Found | None:
        """The credential in a match, unless it is none by its proof or a documented example."""
        if number == self._generic:
            assignment = assignments.read(match)
            is_known = is_known_example(match.string[assignment.start : assignment.end])
            return None if is_known else (assignment.start, assignment.end, assignment)
        group = "secret" if "secret" in match.re.groupindex else 0
        value, proof = match[group], self._rules[number].proof
        if not value or (proof is not None and not PROOFS[proof](value)):
            return None
        return None if is_known_example(value) else (*match.span(group), None)


def anchors(rules: Sequence[Rule]) -> list[str]:
    """The expressions of the automaton for a detector of `rules`."""
    return [*(rule.anchor for rule in rules), assignments.ANCHOR]


def _window(text: bytes, done: int, end: int, span: int) -> tuple[int, int, int, int]:
    """Where to look for the matches around a hit that ends at `end`: in the line that it ends in
    (in the whole text for a rule with a span), from the byte `done` on.

    Returns first, begin, limit, last: the expression sees the bytes from `first` to `last`; its
    matches may begin from `begin` on. Every match holds a hit, and is no longer than the reach:
    so none begins earlier. Those that begin at `limit` or later might be cut off; a later hit
    sees them whole.
    """
    reach = span or REACH
    low, high = max(end - reach - _BEHIND, 0), min(end + 2 * reach, len(text))
    is_cut = high < len(text)
    if not span:
        low = text.rfind(b"\n", low, end - 1) + 1 or low
        line_end = text.find(b"\n", end - 1, high)
        if line_end >= 0:
            high, is_cut = line_end, False
    begin = max(low, done, end - reach)
    return max(low, begin - _BEHIND), begin, high - reach if is_cut else high, high


def _without_overlaps(spans: Iterable[_Span]) -> list[_Span]:
    """Of spans that share bytes the one of the higher confidence, then of the earlier rule."""
    kept: list[_Span] = []
    for _, rivals in groupby(sorted(spans, key=_rank), key=_rank):
        free = [span for span in rivals if not _is_taken(kept, span)]
        kept = sorted([*kept, *free], key=_start)
    return kept


def _rank(span: _Span) -> tuple[int, int]:
    return -span.rule.confidence, span.order


def _start(span: _Span) -> int:
    return span.start


def _is_taken(kept: Sequence[_Span], span: _Span) -> bool:
    """Whether one of the spans in `kept`, which is in order, shares bytes with `span`."""
    at = bisect_right(kept, span.start, key=_start)
    before, after = kept[at - 1 : at], kept[at : at + 1]
    return bool((before and before[0].end > span.start) or (after and after[0].start < span.end))


def _located(text: bytes, spans: Iterable[_Span], encoding: str | None) -> list[Candidate]:
    found: list[Candidate] = []
    places, markers = Places(text), Markers(text)
    for span in spans:  # in order, as these two need it
        line, column = places.at(span.start)
        marked = markers.allow(places.line_start, span.start, span.end)
        end_line, end_column = places.at(span.end)
        given = span.assignment
        found.append(
            Candidate(
                rule=span.rule,
                secret=Secret(text[span.start : span.end].decode("utf-8", "surrogateescape")),
                line=line,
                column=column,
                end_line=end_line,
                end_column=end_column,
                marked=marked,
                assignment=(given.key, given.operator, given.quoted) if given else None,
                decoded=encoding,
            )
        )
    return found
