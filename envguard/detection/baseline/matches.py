"""Which candidates of a content another tool's findings are.

Tools differ in where a value begins and ends, so values are compared as far as they overlap. A
place alone counts where nothing else is told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from envguard.detection.baseline.told import Told
from envguard.detection.detector import GENERIC, Candidate

_SHORTEST = 6
"""Characters of a value that is looked for in another one."""

_LINES = 40  # of a candidate that are looked through for a hashed value
_REACH = 120  # characters around a candidate
_EDGE = re.compile(r"(?<![A-Za-z0-9])|(?![A-Za-z0-9])")

# Words of rules' ids that do not say whose credential it is.
_PLAIN = frozenset(
    "access api app auth client credential credentials earlier id key legacy live new oauth oauth2"
    " other personal pat private public secret secrets test token tokens url user".split()
)
_ALIASES = {"google": "gcp", "openssh": "key", "pypi": "pypi", "generic": "generic"}


class Match(NamedTuple):
    """A candidate that another tool told of. `is_whole`: by at least half of its value; else by a
    part that other values may have too, such as the first line of a key."""

    told: Told
    candidate: Candidate
    is_whole: bool


def matched(told: Sequence[Told], candidates: Sequence[Candidate], text: bytes) -> Iterator[Match]:
    """The candidates of a content that the findings `told` of it are. One of which a hash is told
    is looked for among the parts of the candidates' lines."""
    hashes = {one.sha1: one for one in told if one.sha1 is not None}
    lines: list[str] | None = None
    for candidate in candidates:
        found = [m for m in (_compared(one, candidate) for one in told) if m is not None]
        if hashes and not any(match.is_whole for match in found):
            if lines is None:
                lines = text.decode("utf-8", "surrogateescape").split("\n")
            found += _hashed(hashes, candidate, lines)
        if found:
            yield max(found, key=lambda match: match.is_whole)


def is_same_kind(rule: str, ours: str) -> bool:
    """Whether another tool's rule may be about what our rule `ours` finds, by their ids."""
    theirs, own = _words(rule), _words(ours)
    return not theirs or not own or "generic" in theirs | own or bool(theirs & own)


def _compared(told: Told, candidate: Candidate) -> Match | None:
    own = candidate.secret.reveal()
    touches = candidate.line <= told.end_line and told.line <= candidate.end_line
    is_whole = True
    if told.sha1 is not None:
        is_same = told.sha1 == _sha1(own)
    elif told.secret is None:
        is_same = touches and is_same_kind(told.rule, candidate.rule.id)
    else:
        theirs = told.secret.reveal()
        shorter, longer = sorted((theirs, own), key=len)
        is_same = (touches or len(shorter) >= _SHORTEST) and bool(shorter) and shorter in longer
        is_whole = 2 * len(theirs) >= len(own)
    return Match(told, candidate, is_whole) if is_same else None


def _hashed(
    hashes: Mapping[str, Told], candidate: Candidate, lines: Sequence[str]
) -> Iterator[Match]:
    """The findings whose values overlap the candidate, by the hashes of all that could be one."""
    last = min(candidate.end_line, candidate.line + _LINES - 1)
    for number in range(candidate.line, last + 1):
        line = lines[number - 1]
        first = candidate.column - 1 if number == candidate.line else 0
        end = candidate.end_column - 1 if number == candidate.end_line else len(line)
        begin = max(0, first - _REACH)
        edges = [match.start() for match in _EDGE.finditer(line, begin, end + _REACH)]
        for start in edges:
            if start >= end:
                break
            for stop in edges:
                told = hashes.get(_sha1(line[start:stop])) if stop > max(start, first) else None
                if told is not None:
                    common = min(stop, end) - max(start, first)
                    is_whole = 2 * common >= len(candidate.secret.reveal())
                    yield Match(told, candidate, is_whole)


def _sha1(text: str) -> str:
    content = text.encode("utf-8", "surrogateescape")
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _words(rule: str) -> frozenset[str]:
    if rule == GENERIC.id:
        return frozenset(["generic"])
    words = re.split(r"[^a-z0-9]+", rule.lower())
    return frozenset(_ALIASES.get(word, word) for word in words) - _PLAIN - {""}
