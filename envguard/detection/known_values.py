"""Values that are known, looked for in every text: as they stand, in other spellings, encoded.

The automaton is compiled in memory and never kept: it holds the values.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from envguard.core.document import Document
from envguard.core.rule import Confidence, Rule, Severity
from envguard.core.secret import Secret
from envguard.detection.automaton import Automaton
from envguard.detection.decoders.kinds import DEEPEST
from envguard.detection.decoders.triggers import triggers
from envguard.detection.detector import GENERIC, Candidate, Detector, Placed
from envguard.detection.encodings import decoded
from envguard.detection.findings import KNOWN_ID
from envguard.detection.inside import Memory, inside
from envguard.detection.markers import Markers
from envguard.detection.places import Places
from envguard.detection.spellings import spellings

KNOWN = Rule(
    id=KNOWN_ID,
    title="Known value",
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    pattern="",
    anchor="",
    source="",
    revoke="",
    proof=None,
    span=0,
    weighed=False,
    examples=(),
    non_examples=(),
)
"""What finds a known value that no other rule recognises."""

_LONGEST = 1000  # bytes of one that the automaton looks for; Hyperscan takes 16,000 a pattern
_BEGINNING = 60  # bytes of one by which the decoders know it


class _Sight(NamedTuple):
    """A value, by its number, in a text, and under which encodings."""

    start: int
    end: int
    number: int
    encoding: str | None


class KnownValues:
    """Finds `values`, each with the names of its keys; `detector` says which rule, if any,
    recognises one."""

    def __init__(self, values: Mapping[Secret, str], detector: Detector) -> None:
        self._values = tuple(values.items())
        self._rules = [_recognised(value, detector) for value, _ in self._values]
        self._needles: list[tuple[int, bytes, str | None]] = []  # value, spelling, its name
        beginnings: list[Rule] = []
        for number, (value, _) in enumerate(self._values):
            found = spellings(value.reveal())
            self._needles += [(number, text, name) for text, name in found.items()]
            beginnings += [
                KNOWN._replace(anchor=_escaped(text[:_BEGINNING]))
                for text, name in found.items()
                if name is None
            ]
        encoded = triggers(beginnings)
        self._kinds = bytes(kind for kind, _ in encoded)
        literals = [_escaped(text[:_LONGEST]) for _, text, _ in self._needles]
        self._automaton = Automaton.compiled([*literals, *(text for _, text in encoded)])
        self._memory = Memory()
        self._numbers = {value: number for number, (value, _) in enumerate(self._values)}

    def __repr__(self) -> str:
        return f"KnownValues({len(self._values)})"

    def candidates(self, document: Document) -> list[Candidate]:
        """Where the values stand in a document, in order; where two overlap, the longer one."""
        return [placed.candidate for placed in self._placed(document.text, 0)]

    def _placed(self, text: bytes, depth: int) -> list[Placed]:
        sights = self._sights(text, depth)
        other = decoded(text)
        if other is not None:
            plain, encoding = other
            for sight in self._sights(plain, depth):
                # About: not all characters are as much longer.
                start, end = (at * len(text) // len(plain) for at in (sight.start, sight.end))
                under = ", ".join(filter(None, (encoding, sight.encoding)))
                sights.append(_Sight(start, end, sight.number, under))
        return self._located(text, _apart(sights)) if sights else []

    def _sights(self, text: bytes, depth: int) -> list[_Sight]:
        sights: list[_Sight] = []
        kinds: list[tuple[int, int]] = []
        for place, end in self._automaton.ends(text):
            if place >= len(self._needles):
                kinds.append((self._kinds[place - len(self._needles)], end))
                continue
            number, needle, encoding = self._needles[place]
            start = end - len(needle[:_LONGEST])
            if len(needle) <= _LONGEST or text.startswith(needle, start):
                sights.append(_Sight(start, start + len(needle), number, encoding))
        if kinds and depth < DEEPEST:
            found = inside(text, kinds, self._look_into(depth))
            sights += [
                _Sight(start, end, self._numbers[inner.secret], inner.decoded)
                for start, end, inner in found
            ]
        return sights

    def _look_into(self, depth: int) -> Callable[[bytes], Sequence[Placed]]:
        def look(piece: bytes) -> Sequence[Placed]:
            return self._memory.look(depth, piece, lambda piece: self._placed(piece, depth + 1))

        return look

    def _located(self, text: bytes, sights: Iterable[_Sight]) -> list[Placed]:
        found: list[Placed] = []
        places, markers = Places(text), Markers(text)
        for start, end, number, encoding in sights:  # in order, as these two need it
            line, column = places.at(start)
            marked = markers.allow(places.line_start, start, end)
            end_line, end_column = places.at(end)
            value, keys = self._values[number]
            candidate = Candidate(
                rule=self._rules[number],
                secret=value,
                line=line,
                column=column,
                end_line=end_line,
                end_column=end_column,
                marked=marked,
                best=Confidence.HIGH,
                decoded=encoding,
                known=keys,
            )
            found.append(Placed(start, end, candidate))
        return found


class WithKnown:
    """A detector that also finds known values. What the rules and the values both say is one
    candidate, with the names of its keys; `own` are the paths where the values belong."""

    def __init__(self, detector: Detector, values: KnownValues, own: frozenset[str]) -> None:
        self._detector = detector
        self._values = values
        self._own = own

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules of the detector, and KNOWN."""
        return (*self._detector.rules, KNOWN)

    @property
    def identity(self) -> str:
        """What tells the detector's rules from others."""
        return self._detector.identity

    def candidates(self, document: Document) -> list[Candidate]:
        """The candidates of a document, in order."""
        found = self._detector.candidates(document)
        if document.path in self._own:
            return found
        known = self._values.candidates(document)
        return _together(found, known) if known else found


def _together(found: Sequence[Candidate], known: Sequence[Candidate]) -> list[Candidate]:
    """Both, where they overlap as one: what a provider's rule takes in more of stays, and is told
    to be known; else the known value stays, with what belongs to the same one by the rule."""
    merged = {_place(candidate): candidate for candidate in known}
    for candidate in found:
        begin, end = _place(candidate)
        over = [k for k in known if _place(k)[0] < end and begin < _place(k)[1]]
        if not over:
            merged[begin, end] = candidate
        elif candidate.secret == over[0].secret and candidate.rule is over[0].rule:
            merged[_place(over[0])] = candidate._replace(known=over[0].known)
        elif candidate.rule is not GENERIC and all(
            begin <= _place(k)[0] and _place(k)[1] <= end for k in over
        ):
            for inner in over:
                merged.pop(_place(inner), None)
            keys = dict.fromkeys(k.known or "" for k in over)
            merged[begin, end] = candidate._replace(known=", ".join(keys))
    return [merged[place] for place in sorted(merged)]


_Place = tuple[tuple[int, int], tuple[int, int]]


def _place(candidate: Candidate) -> _Place:
    return (candidate.line, candidate.column), (candidate.end_line, candidate.end_column)


def _recognised(value: Secret, detector: Detector) -> Rule:
    """The provider's rule whose token a value is as a whole."""
    document = Document("", value.reveal().encode("utf-8", "surrogateescape"))
    for candidate in detector.candidates(document):
        if candidate.secret == value and candidate.rule is not GENERIC:
            return candidate.rule
    return KNOWN


def _apart(sights: Iterable[_Sight]) -> list[_Sight]:
    """Of those that overlap the longest, in the order of their places."""
    kept: list[_Sight] = []
    for sight in sorted(sights, key=lambda s: (s.start - s.end, s.start, s.number)):
        at = bisect_right(kept, sight.start, key=_start)
        before, after = kept[at - 1 : at], kept[at : at + 1]
        if before and before[0].end > sight.start:
            continue
        if not after or after[0].start >= sight.end:
            kept.insert(at, sight)
    return kept


def _start(sight: _Sight) -> int:
    return sight.start


def _escaped(text: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text)
