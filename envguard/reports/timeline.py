"""When credentials came and went, as bars."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from html import escape
from typing import NamedTuple

from envguard.core.finding import Finding

_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?![0-9])", re.ASCII)
_STEPS = (1, 3, 12, 60, 120, 600, 1200)  # months
_MOST = 48  # bars
_WIDTH, _WIDEST = 960, 48  # pixels: of all, of a bar
_HALF, _FOOT = 70, 18  # pixels: above and below the line, the names below


class Bar(NamedTuple):
    """How many came and went in a span of time."""

    name: str
    introduced: int
    removed: int


def day(text: str | None) -> date | None:
    """The day of a commit's date (ISO 8601, in the committer's own zone); None: it has none."""
    found = _DATE.match(text or "")
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def bars(findings: Sequence[Finding]) -> list[Bar]:
    """The spans from the first change to the last one, without gaps; empty without dates."""
    changes: list[tuple[int, str]] = []
    for finding in findings:
        for occurrence in finding.occurrences:
            when = day(occurrence.date)
            if when is not None and occurrence.change in ("introduced", "removed"):
                changes.append((when.year * 12 + when.month - 1, occurrence.change))
    if not changes:
        return []
    first, last = min(changes)[0], max(changes)[0]
    step = next((s for s in _STEPS if last // s - first // s < _MOST), _STEPS[-1])
    counts = Counter((month // step, change) for month, change in changes)
    return [
        Bar(_name(place * step, step), counts[place, "introduced"], counts[place, "removed"])
        for place in range(first // step, last // step + 1)
    ]


def _name(month: int, step: int) -> str:
    year, rest = divmod(month, 12)
    if step == 1:
        return f"{year}-{rest + 1:02}"
    if step == 3:
        return f"{year} Q{rest // 3 + 1}"
    return f"{year}" if step == 12 else f"{year} to {year + step // 12 - 1}"


def drawing(shown: Sequence[Bar]) -> str:
    """The bars as SVG: introduced above the line, removed below it."""
    tallest = max(max(bar.introduced, bar.removed) for bar in shown)
    width = _WIDTH / len(shown)
    height = 2 * _HALF + _FOOT
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="Introduced and removed over'
        f' time; the table below has the numbers">',
        f'<line class="axis" x1="0" x2="{_WIDTH}" y1="{_HALF}" y2="{_HALF}"/>',
    ]
    for number, bar in enumerate(shown):
        bar_width = min(width * 0.8, _WIDEST)
        x = number * width + (width - bar_width) / 2
        title = escape(f"{bar.name}: {bar.introduced} introduced, {bar.removed} removed")
        up, down = (_HALF * count / tallest for count in (bar.introduced, bar.removed))
        parts.append(
            f"<g><title>{title}</title>"
            f'<rect class="introduced" x="{x:.1f}" width="{bar_width:.1f}"'
            f' y="{_HALF - up:.1f}" height="{up:.1f}"/>'
            f'<rect class="removed" x="{x:.1f}" width="{bar_width:.1f}"'
            f' y="{_HALF}" height="{down:.1f}"/></g>'
        )
    ends = [(0, "start", shown[0].name)]
    if len(shown) > 1:
        ends.append((_WIDTH, "end", shown[-1].name))
    for end, anchor, name in ends:
        parts.append(
            f'<text x="{end}" y="{height - 4}" text-anchor="{anchor}">{escape(name)}</text>'
        )
    return "".join([*parts, "</svg>"])


def table(shown: Sequence[Bar]) -> str:
    """The same as a table."""
    rows = "".join(
        f'<tr><th scope="row">{escape(bar.name)}</th>'
        f"<td>{bar.introduced}</td><td>{bar.removed}</td></tr>"
        for bar in shown
        if bar.introduced or bar.removed
    )
    heads = '<th scope="col">When</th><th scope="col">Introduced</th><th scope="col">Removed</th>'
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
