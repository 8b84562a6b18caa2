"""Parts that belong together: a candidate takes in what its rule requires, and is one finding.

Two pure steps. `with_parts` looks near each candidate for the rules that are nothing but parts (a
user, a host, a client id), which so cost nothing elsewhere; it runs in every text, also in decoded
ones. `settled` joins candidates with each other, at the end.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from envguard.core.rule import Confidence, Requirement, Rule
from envguard.core.secret import Secret
from envguard.detection.detector import Candidate, Part, Placed
from envguard.detection.proofs import PROOFS

_REACH = 2048  # bytes to either side of a candidate, however long its line is
_BEHIND = 64  # bytes that lookbehinds see before a line
_NEIGHBOURS = 4  # that are compared, before and after
_MOST = 1000  # candidates of a text for which it is looked for what only adds to a finding
# The signature of a request, of which a token is the nonce: who signs knows another secret
# (https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks).
_SIGNATURE = re.compile(
    rb"(?i)\bsignature[\"']?[ \t]{0,4}(?:=>|[=:])[ \t\[]{0,4}[\"']?[0-9a-f]{40,128}(?![0-9a-z])"
)
_SIGNED = 3  # lines from a nonce to the signature


def settled(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates of a document, with the others among them that they require: the nearest.

    What is taken in by one that is as sure, in every file, is marked as taken. One that lacks a
    part is worth less, or is left out.
    """
    places = _places(candidates)
    joined: dict[int, Candidate] = {}
    taken: set[int] = set()
    for number, candidate in enumerate(candidates):
        if not candidate.rule.requires:
            joined[number] = candidate
            continue
        main, near = _joined(number, candidates, places)
        if not main.lacks or main.rule.alone is not None:
            joined[number] = main
            taken.update(at for at in near if _covers(main, candidates[at]))
    return [c._replace(taken=True) if at in taken else c for at, c in joined.items()]


def _places(candidates: Sequence[Candidate]) -> dict[str, list[int]]:
    """The numbers of the candidates of each rule that another one among them requires."""
    mains = {c.rule.id: c.rule for c in candidates if c.rule.requires}
    wanted = {name for rule in mains.values() for r in rule.requires for name in r.rules}
    places: dict[str, list[int]] = {}
    for number, candidate in enumerate(candidates):
        if candidate.rule.id in wanted:
            places.setdefault(candidate.rule.id, []).append(number)
    return places


def _joined(
    number: int, candidates: Sequence[Candidate], places: Mapping[str, Sequence[int]]
) -> tuple[Candidate, list[int]]:
    """A candidate with its parts, and the numbers of those that are candidates themselves."""
    main = candidates[number]
    rule, parts = main.rule, main.parts
    near: list[int] = []
    for requirement in rule.requires:
        at = None
        if not _has(parts, requirement):
            at = _nearest(number, candidates, requirement, places)
        if at is not None:
            part = candidates[at]
            near.append(at)
            parts = (*parts, Part(part.rule, part.secret, part.line - main.line))
    lacks = any(not r.optional and not _has(parts, r) for r in rule.requires)
    best = min(main.best, rule.alone) if lacks and rule.alone is not None else main.best
    return main._replace(parts=parts, lacks=lacks, best=best), near


def _has(parts: Sequence[Part], requirement: Requirement) -> bool:
    return any(part.rule.id in requirement.rules for part in parts)


def _covers(main: Candidate, part: Candidate) -> bool:
    """Whether a part need not be told by itself: not where its main one might not be told."""
    return not main.rule.weighed and main.best >= part.best and (part.marked or not main.marked)


def _nearest(
    number: int,
    candidates: Sequence[Candidate],
    requirement: Requirement,
    places: Mapping[str, Sequence[int]],
) -> int | None:
    """The number of the nearest candidate that meets a requirement of the one with this number."""
    main = candidates[number]
    near: list[tuple[int, int, int]] = []
    for name in requirement.rules:
        numbers = places.get(name, ())
        middle = bisect_left(numbers, number)
        for at in numbers[max(middle - _NEIGHBOURS, 0) : middle + _NEIGHBOURS]:
            part = candidates[at]
            lines = max(0, part.line - main.end_line, main.line - part.end_line)
            columns = abs(part.column - main.column)
            if (
                at != number
                and lines <= requirement.within
                and columns <= _columns(requirement, columns)
            ):
                near.append((lines, columns, at))
    return min(near)[2] if near else None


def _columns(requirement: Requirement, unlimited: int) -> int:
    return unlimited if requirement.columns is None else requirement.columns


def with_parts(text: bytes, placed: Sequence[Placed], parts: Mapping[str, Rule]) -> list[Placed]:
    """The candidates of a text, each with those of the rules in `parts` that it requires; without
    the nonces of signed requests."""
    found: list[Placed] = []
    looked = 0
    for one in placed:
        if one.candidate.rule.requires:
            # What only adds to a finding is not looked for near what hardly is one.
            is_likely = one.candidate.best >= Confidence.MEDIUM
            looked += is_likely
            if is_likely and _is_nonce(text, one):
                continue
            one = _with_parts(text, one, parts, is_likely and looked <= _MOST)  # noqa: PLW2901
        found.append(one)
    return found


def _is_nonce(text: bytes, one: Placed) -> bool:
    """Whether a value is called a token and nothing else, and stands beside a signature."""
    context = one.candidate.assignment
    return (
        context is not None
        and context[0].lower() == "token"
        and any(_SIGNATURE.search(text, *place[:2]) for place in _lines(text, one, _SIGNED))
    )


def _with_parts(
    text: bytes, placed: Placed, parts: Mapping[str, Rule], all_of_them: bool
) -> Placed:
    main = placed.candidate
    found = main.parts
    for requirement in main.rule.requires:
        if requirement.optional and not all_of_them:
            continue
        sought = [parts[name] for name in requirement.rules if name in parts]
        if sought and not _has(found, requirement):
            sights = [s for rule in sought for s in _sights(text, placed, requirement, rule)]
            if sights:
                found = (*found, min(sights, key=lambda sight: sight[0])[1])
    return placed._replace(candidate=main._replace(parts=found))


def _sights(
    text: bytes, main: Placed, requirement: Requirement, rule: Rule
) -> Iterator[tuple[int, Part]]:
    """Where a rule matches near a candidate, each with how many bytes are in between."""
    for first, last, lines in _lines(text, main, requirement.within):
        low = max(first - _BEHIND, 0)
        for begin, stop in _spans(rule.pattern, text[low:last], first - low):
            start, end = low + begin, low + stop
            value = text[start:end]
            columns = abs(_column(text, start) - _column(text, main.start))
            if (
                value
                and columns <= _columns(requirement, columns)
                and (rule.proof is None or PROOFS[rule.proof](value))
            ):
                secret = Secret(value.decode("utf-8", "surrogateescape"))
                yield max(start - main.end, main.start - end), Part(rule, secret, lines)


@lru_cache(maxsize=4096)  # texts repeat their lines: 9 MB at most
def _spans(expression: str, piece: bytes, begin: int) -> Sequence[tuple[int, int]]:
    """The values of the matches in a piece of a text, from `begin` on."""
    pattern = re.compile(expression.encode())
    group = "secret" if "secret" in pattern.groupindex else 0
    return [match.span(group) for match in pattern.finditer(piece, begin)]


def _column(text: bytes, at: int) -> int:
    return at - text.rfind(b"\n", max(at - _REACH, 0), at)


def _lines(text: bytes, main: Placed, within: int) -> Iterator[tuple[int, int, int]]:
    """What stands before and after a candidate, line by line: first byte, last, and how many lines
    further down than where the candidate begins."""
    low, high = max(main.start - _REACH, 0), min(main.end + _REACH, len(text))
    last = main.start
    for lines in range(within + 1):
        first = text.rfind(b"\n", low, last) + 1 or low
        yield first, last, -lines
        if first <= low:
            break
        last = first - 1
    first = main.end
    own = main.candidate.end_line - main.candidate.line
    for lines in range(own, own + within + 1):
        line_end = text.find(b"\n", first, high)
        last = line_end if line_end >= 0 else high
        yield first, last, lines
        if line_end < 0:
            break
        first = line_end + 1
