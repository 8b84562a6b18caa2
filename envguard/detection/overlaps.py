"""Which of the spans that share bytes count."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import groupby

from envguard.core.rule import Confidence, Rule
from envguard.detection.search import Span


def without_overlaps(spans: Sequence[Span], rules: Sequence[Rule]) -> list[Span]:
    """Of spans that share bytes the one of the higher confidence, then of the earlier rule.

    What other tools' rules find depends on the file, which may not be known yet: it takes nobody's
    place, and gives its own only to what is as sure in every file.
    """
    foreign = [span for span in spans if _is_foreign(rules[span.number])]
    if not foreign:
        return _apart(spans, rules)
    kept = _apart([span for span in spans if not _is_foreign(rules[span.number])], rules)
    firm = [span for span in kept if _is_firm(rules[span.number])]
    return sorted([*kept, *(span for span in foreign if not _is_taken(firm, span))], key=_start)


def _is_foreign(rule: Rule) -> bool:
    return rule.checks is not None and rule.checks.is_foreign


def _is_firm(rule: Rule) -> bool:
    return rule.checks is None and not rule.weighed and rule.confidence >= Confidence.MEDIUM


def _apart(spans: Iterable[Span], rules: Sequence[Rule]) -> list[Span]:
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
