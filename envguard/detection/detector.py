"""From a document to its candidates, and from a candidate to how sure we are.

Two stages: the automaton says where something ends that may be a credential; then, there only,
the rule's own expression gives the exact span, and its proof, the markers and the context decide.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from envguard.core.document import Document
from envguard.core.rule import Confidence, Rule, Severity
from envguard.core.secret import Secret
from envguard.detection import assignments
from envguard.detection.automaton import Automaton
from envguard.detection.decoders.kinds import DEEPEST
from envguard.detection.encodings import decoded
from envguard.detection.markers import Markers
from envguard.detection.places import Places
from envguard.detection.search import Hits, Search, Span
from envguard.detection.values import Context, confidence

if TYPE_CHECKING:
    from envguard.detection.inside import Memory

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


class Candidate(NamedTuple):
    """A possible credential in a document. Lines and columns count from 1, columns in characters.

    `assignment` is the context where the rule is GENERIC (else None).
    """

    rule: Rule
    secret: Secret
    line: int
    column: int
    end_line: int
    end_column: int
    marked: bool
    best: Confidence
    assignment: Context | None = None
    decoded: str | None = None  # the encoding, where it is not UTF-8

    def confidence(self, path: str) -> Confidence | None:
        """How sure we are of it in the file `path`; None: it is none there. An empty path is the
        file in which it is likeliest: `best`."""
        return (
            self.best
            if not path
            else confidence(self.rule, self.secret.reveal(), self.assignment, path)
        )


class Placed(NamedTuple):
    """A candidate, and where it stands in its text, in bytes."""

    start: int
    end: int
    candidate: Candidate


class Detector:
    """Finds candidates for `rules`; `automaton` is compiled from `anchors(rules)` and those of
    the decoders (`decoders.triggers`), of which `kinds` are the kinds."""

    def __init__(
        self, rules: Sequence[Rule], automaton: Automaton, kinds: bytes = b"", identity: str = ""
    ) -> None:
        self._rules = (*rules, GENERIC)
        self._search = Search(self._rules, len(rules), automaton)
        self._kinds = kinds
        self.identity = identity
        """What tells these rules from others."""
        self._memory: Memory | None = None

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules, with GENERIC."""
        return self._rules

    def candidates(self, document: Document) -> list[Candidate]:
        """The candidates of a document, in order; where two overlap, the more specific one. What
        is certain to be none in any file is none.

        A text that begins like UTF-16 or UTF-32 is looked at both as it is and decoded: its first
        bytes may be false.
        """
        return [placed.candidate for placed in self._placed(document.text, 0)]

    def _placed(self, text: bytes, depth: int) -> list[Placed]:
        """The candidates of a text, and of what it is in UTF-8, with their places in it; `depth`
        encodings have been undone before."""
        found = self._in_plain(text, depth)
        other = decoded(text)
        if other is None:
            return found
        plain, encoding = other
        for start, end, candidate in self._in_plain(plain, depth):
            inner = candidate.decoded
            named = candidate._replace(decoded=f"{encoding}, {inner}" if inner else encoding)
            # About: not all characters are as much longer.
            first, last = (place * len(text) // len(plain) for place in (start, end))
            found.append(Placed(first, last, named))
        return found

    def _in_plain(self, text: bytes, depth: int) -> list[Placed]:
        hits = self._search.hits(text)
        if not hits:
            return []
        spans, rules = list(self._search.spans(text, hits)), self._rules
        encoded = self._encoded(text, hits, depth)
        if encoded:
            spans, rules = [*spans, *encoded], rules * 2
        spans = _without_overlaps(spans, rules)
        return [
            Placed(span.start, span.end, _as_encoded(candidate, encoded.get(span)))
            for span, candidate in zip(spans, _located(text, spans, rules), strict=True)
        ]

    def _encoded(self, text: bytes, hits: Hits, depth: int) -> dict[Span, Candidate]:
        """What stands in the text under encodings, by its span there; the rules' numbers are
        counted on, so that of equals the plain one is kept."""
        count = len(self._rules)
        kinds = [(self._kinds[number - count], end) for number, end in hits if number >= count]
        if not kinds or depth >= DEEPEST:
            return {}
        # Most texts hold nothing that is encoded.
        from envguard.detection.inside import Memory, inside  # noqa: PLC0415

        memory = self._memory = self._memory or Memory()

        def look_into(piece: bytes) -> Sequence[Placed]:
            return memory.look(depth, piece, lambda piece: self._placed(piece, depth + 1))

        numbers = {rule.id: number for number, rule in enumerate(self._rules, count)}
        return {
            Span(start, end, numbers[candidate.rule.id], None, candidate.best): candidate
            for start, end, candidate in inside(text, kinds, look_into)
        }


def anchors(rules: Sequence[Rule]) -> list[str]:
    """The expressions of the automaton for a detector of `rules`."""
    return [*(rule.anchor for rule in rules), assignments.ANCHOR]


def _without_overlaps(spans: Iterable[Span], rules: Sequence[Rule]) -> list[Span]:
    """Of spans that share bytes the one of the higher confidence, then of the earlier rule."""

    def rank(span: Span) -> tuple[int, int]:
        return -rules[span.number].confidence, span.number

    kept: list[Span] = []
    for _, rivals in groupby(sorted(spans, key=rank), key=rank):
        free = [span for span in rivals if not _is_taken(kept, span)]
        kept = sorted([*kept, *free], key=_start)
    return kept


def _start(span: Span) -> int:
    return span.start


def _is_taken(kept: Sequence[Span], span: Span) -> bool:
    """Whether one of the spans in `kept`, which is in order, shares bytes with `span`."""
    at = bisect_right(kept, span.start, key=_start)
    before, after = kept[at - 1 : at], kept[at : at + 1]
    return bool((before and before[0].end > span.start) or (after and after[0].start < span.end))


def _as_encoded(outer: Candidate, inner: Candidate | None) -> Candidate:
    """What stands encoded at a place, at the lines and columns of that place."""
    if inner is None:
        return outer
    return outer._replace(
        rule=inner.rule,
        secret=inner.secret,
        marked=outer.marked or inner.marked,
        assignment=inner.assignment,
        decoded=inner.decoded,
    )


def _located(text: bytes, spans: Iterable[Span], rules: Sequence[Rule]) -> list[Candidate]:
    found: list[Candidate] = []
    places, markers = Places(text), Markers(text)
    for span in spans:  # in order, as these two need it
        line, column = places.at(span.start)
        marked = markers.allow(places.line_start, span.start, span.end)
        end_line, end_column = places.at(span.end)
        found.append(
            Candidate(
                rule=rules[span.number],
                secret=Secret(text[span.start : span.end].decode("utf-8", "surrogateescape")),
                line=line,
                column=column,
                end_line=end_line,
                end_column=end_column,
                marked=marked,
                best=span.best,
                assignment=span.context,
            )
        )
    return found
