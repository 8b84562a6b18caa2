"""From a document to its candidates, and from a candidate to how sure we are.

Two stages: the automaton says where something ends that may be a credential; then, there only,
the rule's own expression gives the exact span, and its proof, the markers and the context decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from envguard.core.document import Document
from envguard.core.rule import Confidence, Requirement, Rule, Severity
from envguard.core.secret import Secret
from envguard.detection import assignments
from envguard.detection.automaton import Automaton
from envguard.detection.decoders.kinds import DEEPEST
from envguard.detection.encodings import decoded
from envguard.detection.markers import Markers
from envguard.detection.overlaps import without_overlaps
from envguard.detection.places import Places
from envguard.detection.search import Hits, Search, Span
from envguard.detection.values import Context, confidence

if TYPE_CHECKING:
    from envguard.detection.foreign import Beside
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
    requires=(Requirement(("user-name",), within=3, optional=True),),
)
"""The finder of `assignments.py`, under the name that its findings carry."""


class Part(NamedTuple):
    """What belongs to a candidate, so many lines further down in the text."""

    rule: Rule
    secret: Secret
    lines: int


class Candidate(NamedTuple):
    """A possible credential in a document. Lines and columns count from 1, columns in characters.

    `assignment` is the context where the rule is GENERIC (else None). `taken` is one of the parts
    of another candidate, and so no finding of its own; one that `lacks` a part is worth less.
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
    known: str | None = None  # the keys, where it is a value that the scan was given
    parts: tuple[Part, ...] = ()
    taken: bool = False
    lacks: bool = False
    waits: int = 0  # what of the rule's checks waits for the path

    def confidence(self, path: str) -> Confidence | None:
        """How sure we are of it in the file `path`; None: it is none there. An empty path is the
        file in which it is likeliest: `best`. A known value is one for certain."""
        if self.known is not None:
            return Confidence.HIGH
        found = (
            self.best
            if not path
            else confidence(self.rule, self.secret.reveal(), self.assignment, path)
        )
        checks = self.rule.checks
        if checks is not None and path and not checks.holds(path, self.waits):
            return None
        if found is None or not self.lacks or self.rule.alone is None:
            return found
        return min(found, self.rule.alone)


class Placed(NamedTuple):
    """A candidate, and where it stands in its text, in bytes."""

    start: int
    end: int
    candidate: Candidate


class Detector:
    """Finds candidates for `rules`; `automaton` is compiled from `anchors(rules)` and those of
    the decoders (`decoders.triggers`), of which `kinds` are the kinds."""

    def __init__(
        self,
        rules: Sequence[Rule],
        automaton: Automaton,
        kinds: bytes = b"",
        identity: str = "",
        beside: Beside | None = None,
    ) -> None:
        generic = GENERIC if beside is None else GENERIC._replace(checks=beside.generic)
        self._rules = (*(rule for rule in rules if not rule.part), generic)
        self._parts = {rule.id: rule for rule in rules if rule.part}
        self._numbers = {rule.id: number for number, rule in enumerate(self._rules)}
        self._search = Search(self._rules, len(self._rules) - 1, automaton)
        self._kinds = kinds
        self.identity = identity
        """What tells these rules from others."""
        self.beside = beside
        """What configurations of other tools say beside their rules; None without any."""
        self._memory: Memory | None = None

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules, with GENERIC."""
        return (*self._rules, *self._parts.values())

    def candidates(self, document: Document) -> list[Candidate]:
        """The candidates of a document, in order; where two overlap, the more specific one. What
        is certain to be none in any file is none.

        A text that begins like UTF-16 or UTF-32 is looked at both as it is and decoded: its first
        bytes may be false.
        """
        placed = self._placed(document.text, 0)
        if not placed:
            return []
        found = [place.candidate for place in placed]
        if not any(candidate.rule.requires for candidate in found):
            return found
        # Most texts hold nothing that has parts.
        from envguard.detection.composite import settled  # noqa: PLC0415

        return settled(found)

    def _placed(self, text: bytes, depth: int) -> list[Placed]:
        """The candidates of a text, and of what it is in UTF-8, with their places in it; `depth`
        encodings have been undone before."""
        hits = self._search.hits(text)
        found = self._in_plain(text, hits, depth) if hits else []
        other = decoded(text)
        if other is None:
            return found
        plain, encoding = other
        for start, end, candidate in self._in_plain(plain, self._search.hits(plain), depth):
            inner = candidate.decoded
            named = candidate._replace(decoded=f"{encoding}, {inner}" if inner else encoding)
            # About: not all characters are as much longer.
            first, last = (place * len(text) // len(plain) for place in (start, end))
            found.append(Placed(first, last, named))
        return found

    def _in_plain(self, text: bytes, hits: Hits, depth: int) -> list[Placed]:
        spans, rules = list(self._search.spans(text, hits)), self._rules
        encoded = self._encoded(text, hits, depth)
        if encoded:
            spans, rules = [*spans, *encoded], rules * 2
        if not spans:
            return []
        spans = without_overlaps(spans, rules)
        found = [
            Placed(span.start, span.end, _as_encoded(candidate, encoded.get(span)))
            for span, candidate in zip(spans, _located(text, spans, rules), strict=True)
        ]
        if not any(placed.candidate.rule.requires for placed in found):
            return found
        from envguard.detection.composite import with_parts  # noqa: PLC0415 - as in `candidates`

        return with_parts(text, found, self._parts)

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

        return {
            Span(
                start,
                end,
                count + self._numbers[candidate.rule.id],
                None,
                candidate.best,
                candidate.waits,
            ): candidate
            for start, end, candidate in inside(text, kinds, look_into)
        }


def named(beside: Beside, path: str) -> list[Candidate]:
    """What the name of a file says: a candidate for each rule about such names."""
    return [
        Candidate(rule, Secret(path), 1, 1, 1, 1, marked=False, best=rule.confidence)
        for rule in beside.named
        if rule.checks is not None and rule.checks.holds(path, 0)
    ]


def anchors(rules: Sequence[Rule]) -> list[str]:
    """The expressions of the automaton for a detector of `rules`: of those that are no parts."""
    return [*(rule.anchor for rule in rules if not rule.part), assignments.ANCHOR]


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
        parts=inner.parts,
        waits=inner.waits,
    )


class _Layer:
    """A walk through a text, from span to span."""

    def __init__(self, text: bytes) -> None:
        self.places, self.markers = Places(text), Markers(text)
        self.end = 0


def _located(text: bytes, spans: Iterable[Span], rules: Sequence[Rule]) -> list[Candidate]:
    found: list[Candidate] = []
    layers: list[_Layer] = [_Layer(text)]
    for span in spans:  # in order; in one layer they do not overlap either, as it needs
        layer = next((layer for layer in layers if layer.end <= span.start), None)
        if layer is None:
            layers.append(layer := _Layer(text))
        layer.end = span.end
        places, markers = layer.places, layer.markers
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
                waits=span.waits,
            )
        )
    return found
