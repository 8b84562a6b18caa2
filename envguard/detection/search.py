"""From a text to the spans in it that the rules' own expressions match.

The automaton says where something ends that may be a credential; around there only, the rule's
expression gives the exact span.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from envguard.core.rule import Confidence, Rule
from envguard.detection.automaton import Automaton
from envguard.detection.names import Names, is_told
from envguard.detection.values import Context, Value, read_value

REACH = 2048
"""How many bytes an expression may take up in a line, with what its lookaheads see; a rule's
`span` says so where it is more."""

_BEHIND = 64  # bytes that lookbehinds, and the names of assignments, see before a cut in a line
_BINARY_PROBE = 8000  # how far git looks for a NUL (buffer_is_binary in its xdiff-interface.c)


Hits = Sequence[tuple[int, int]]
"""Expressions that matched, by their numbers, each with where its match ends in bytes."""


class Span(NamedTuple):
    """Bytes of a text that are a candidate by the rule with this number."""

    start: int
    end: int
    number: int
    context: Context | None
    best: Confidence
    waits: int = 0  # what of the rule's checks waits for the path


_Answer = tuple[tuple[Value, ...], int]
"""What a window holds, and from where in it the next match may begin."""

_Values = tuple[tuple[int, tuple[Value, ...]], ...]
"""What a line holds, by the number of the rule."""

_MOST_KNOWN = 64 << 20  # bytes of windows, and about 256 for keeping each one
_KEPT = 256


class Search:
    """Searches texts for `rules`, of which the one with the number `generic` passes by binary
    files. Expression number n of `automaton` is the anchor of rule n."""

    def __init__(self, rules: Sequence[Rule], generic: int, automaton: Automaton) -> None:
        self._rules = rules
        self._generic = generic
        self._automaton = automaton
        self._names = Names(rules)
        self._patterns: dict[int, re.Pattern[bytes]] = {}  # compiled when they are needed
        # Texts repeat their lines: what a line gave once is not looked for again.
        self._lines: dict[bytes, _Values] = {}
        self._known: dict[tuple[int, bytes, int, int], _Answer] = {}
        self._known_bytes = 0

    def hits(self, text: bytes) -> Hits:
        """What matches in the text, in order of the ends; also expressions that are no rule's."""
        return self._automaton.ends(text)

    def spans(self, text: bytes, hits: Hits) -> Iterator[Span]:
        """What a search of each whole line (of the whole text, for rules with a span) would give,
        by looking around the hits only."""
        looked: dict[int, int] = {}  # expression -> before which byte no other match begins
        passed = 0  # the end of the last line that was looked at for assignments
        generic, count = self._generic, len(self._rules)
        is_binary = b"\0" in text[:_BINARY_PROBE]
        for number, end in hits:
            if number >= count:
                continue
            if number != generic:
                yield from self._around(text, hits, number, end, looked, is_binary)
                continue
            if end <= passed or is_binary:
                continue
            first, last = _whole_line(text, end)
            values = None
            if first >= looked.get(generic, 0):
                values = self._in_line(text[first:last])
            if values is None:
                # The names first; also where the window is the same: a search may have ended
                # before this hit.
                for other in (*self._named(text, end), generic):
                    yield from self._around(text, hits, other, end, looked, is_binary)
                continue
            passed = max(last, end)  # of a match that goes on to the end of the line
            for other, found in values:
                if looked.get(other, 0) < last:
                    looked[other] = last
                    yield from self._told(text, hits, other, first, found, is_binary)

    def _in_line(self, line: bytes) -> _Values | None:
        """What the generic finder and the rules that a name tells find in a whole line; None where
        one of these looks further than a line, or in a way of its own."""
        known = self._lines.get(line)
        if known is not None:
            return known
        numbers = (*self._names.rules_in(line), self._generic)
        rules = [self._rules[number] for number in numbers]
        if any(r.span or (r.checks is not None and r.checks.is_foreign) for r in rules):
            return None
        found = [(number, self._searched(number, line, 0, len(line))[0]) for number in numbers]
        self._make_room(len(line))
        values = self._lines[line] = tuple(one for one in found if one[1])
        return values

    def _named(self, text: bytes, end: int) -> Sequence[int]:
        """The rules that a name tells, of the line around a hit."""
        first, _, _, last = _window(text, 0, end, 0)
        return self._names.rules_in(text[first:last])

    def _around(
        self,
        text: bytes,
        hits: Hits,
        number: int,
        end: int,
        looked: dict[int, int],
        is_binary: bool,
    ) -> Iterator[Span]:
        """What a rule finds around a hit that ends at `end`."""
        done = looked.get(number, 0)
        if end <= done:
            return
        rule = self._rules[number]
        if rule.checks is not None and rule.checks.is_foreign:
            places, looked[number] = rule.checks.look(text, end, done)
            for start, stop, waits in places:
                yield Span(start, stop, number, None, rule.confidence, waits)
            return
        first, begin, limit, last = _window(text, done, end, rule.span)
        found, resume = self._found(number, text[first:last], begin - first, limit - first)
        looked[number] = first + resume
        yield from self._told(text, hits, number, first, found, is_binary)

    def _told(
        self,
        text: bytes,
        hits: Hits,
        number: int,
        first: int,
        found: Sequence[Value],
        is_binary: bool,
    ) -> Iterator[Span]:
        """Those of the values of a rule, in a window that begins at `first`, that count here."""
        rule = self._rules[number]
        for start, stop, context, best in found:
            span = Span(first + start, first + stop, number, context, best)
            if rule.names:
                tellers = (number,) if is_binary else (number, self._generic)
                if not is_told(hits, tellers, span.start, span.end):
                    continue
            if rule.checks is None:
                yield span
            elif (waiting := rule.checks.weigh(text, span.start, span.end)) is not None:
                yield span._replace(waits=waiting)

    def _found(self, number: int, window: bytes, begin: int, limit: int) -> _Answer:
        """The candidates in a window that begin from `begin` on and before `limit`."""
        key = number, window, begin, limit
        known = self._known.get(key)
        if known is None:
            self._make_room(len(window))
            known = self._known[key] = self._searched(*key)
        return known

    def _searched(self, number: int, window: bytes, begin: int, limit: int) -> _Answer:
        found: list[Value] = []
        resume = limit
        for match in self._pattern(number).finditer(window, begin):
            if match.start() >= limit:
                break
            resume = max(resume, match.end())
            value = read_value(self._rules[number], match, is_assignment=number == self._generic)
            if value is not None:
                found.append(value)
        return tuple(found), resume

    def _make_room(self, size: int) -> None:
        """Forgets what was known where one more window of this size is too much."""
        self._known_bytes += size + _KEPT
        if self._known_bytes > _MOST_KNOWN:
            self._known.clear()
            self._lines.clear()
            self._known_bytes = size + _KEPT

    def _pattern(self, number: int) -> re.Pattern[bytes]:
        pattern = self._patterns.get(number)
        if pattern is None:
            pattern = self._patterns[number] = re.compile(self._rules[number].pattern.encode())
        return pattern


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


def _whole_line(text: bytes, end: int) -> tuple[int, int]:
    """Where the line begins and ends that a hit ends in; -1 for one that `_window` would cut."""
    first = text.rfind(b"\n", max(end - REACH, 0), end - 1) + 1
    last = text.find(b"\n", end - 1, end + 2 * REACH)
    is_cut = last < 0 and end + 2 * REACH < len(text)
    if is_cut or (not first and end > REACH):
        return -1, 0
    return first, last if last >= 0 else len(text)
