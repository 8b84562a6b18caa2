"""Rules that a name tells: the provider's, beside a value that looks like many others.

`WANDB_API_KEY=…` and `DEEPGRAM_API_KEY=…` give the same 40 digits; to look for every such name
would cost each text a little. So these rules are tried only where the generic finder sees an
assignment and one of their names stands in its line.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter

from envguard.core.rule import Rule

_MOST_KNOWN = 8 << 20  # bytes of lines, and about 128 for keeping each one
_KEPT = 128

_END = itemgetter(1)


class Names:
    """The names that `rules` give, and by which a line is told to be worth their patterns."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        names: dict[bytes, tuple[int, ...]] = {}
        for number, rule in enumerate(rules):
            for name in rule.names:
                names[name.encode()] = (*names.get(name.encode(), ()), number)
        self._names = tuple(names.items())
        # Texts repeat their lines, as the search knows.
        self._known: dict[bytes, tuple[int, ...]] = {}
        self._known_bytes = 0

    def rules_in(self, line: bytes) -> tuple[int, ...]:
        """The numbers of the rules of which a name stands in the line, in any case."""
        found = self._known.get(line)
        if found is None:
            lower = line.lower()
            numbers = {n for name, rules in self._names if name in lower for n in rules}
            found = tuple(sorted(numbers))
            self._known_bytes += len(line) + _KEPT
            if self._known_bytes > _MOST_KNOWN:
                self._known.clear()
                self._known_bytes = len(line) + _KEPT
            self._known[line] = found
        return found


def is_told(hits: Sequence[tuple[int, int]], numbers: Sequence[int], start: int, end: int) -> bool:
    """Whether one of the expressions with these numbers ends in a value: of the hits, which are in
    the order of their ends. So a name further off in the line tells nothing about it."""
    for at in range(bisect_right(hits, start, key=_END), len(hits)):
        number, place = hits[at]
        if place > end:
            break
        if number in numbers:
            return True
    return False
