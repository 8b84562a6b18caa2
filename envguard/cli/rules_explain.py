"""What `envguard rules explain` prints of a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from envguard.cli.rules import labelled
from envguard.core.text import printable
from envguard.jobs.rule_explanation import Explanation, Sight

_POINTS = 8  # features of a candidate before the others are added up


def lines(found: Explanation) -> Iterator[str]:
    """The explanation for a person: what is reported first. Text of the tree is escaped."""
    yield f"{printable(found.path)}:{found.line}"
    for reason in found.about:
        yield f"  {printable(reason)}"
    for sight in sorted(found.sights, key=lambda s: (not s.is_reported, s.line, s.column)):
        yield from _sight(sight)
    if not found.sights:
        yield f"  nothing here has the form of a credential ({found.rules} rules looked)"


def to_json(found: Explanation) -> str:
    """The explanation as one JSON object, schema 1."""
    return json.dumps(
        {
            "schema": 1,
            "path": found.path,
            "line": found.line,
            "min_confidence": found.minimum.name.lower(),
            "about": list(found.about),
            "candidates": [
                {
                    "rule": sight.rule,
                    "title": sight.title,
                    "line": sight.line,
                    "column": sight.column,
                    "preview": sight.preview,
                    "reported": sight.is_reported,
                    "confidence": sight.confidence.name.lower() if sight.confidence else None,
                    "reasons": list(sight.reasons),
                    "points": [
                        {"feature": name, "points": points} for name, points in sight.points
                    ],
                    "decoded": sight.decoded,
                }
                for sight in found.sights
            ],
        },
        indent=2,
    )


def _sight(sight: Sight) -> Iterator[str]:
    verdict = "reported" if sight.is_reported else "not reported"
    level = f", confidence {sight.confidence.name.lower()}" if sight.confidence else ""
    yield f"  {sight.column}: {printable(sight.title)} ({printable(sight.rule)}), {verdict}{level}"
    yield from labelled("looks like", sight.preview, indent=6)
    yield from labelled("encoded", sight.decoded or "", indent=6)
    for number, reason in enumerate(sight.reasons):
        yield from labelled("" if number else "because", reason, indent=6)
    for line in _counted(sight.points):
        yield from labelled("" if line[:1] in "+-" else "points", line, indent=6)


def _counted(points: Sequence[tuple[str, float]]) -> Iterator[str]:
    """What the scorer counted, in sum and the weightiest one by one."""
    if not points:
        return
    yield f"in sum {sum(found for _, found in points):+.1f}, of which"
    yield from (f"{found:+.1f}  {feature}" for feature, found in points[:_POINTS])
    rest = points[_POINTS:]
    if rest:
        yield f"{sum(found for _, found in rest):+.1f}  {len(rest)} others (all: --format json)"
