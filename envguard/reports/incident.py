"""The incident sheet of one finding, for a person and for programs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence

from envguard.core.finding import Finding, Occurrence
from envguard.core.text import inert, printable
from envguard.reports.json import finding_object, occurrence_object
from envguard.reports.style import Style

WIDTH = 80
_LABEL = 13  # characters of a label with the blanks after it
_SHOWN = 8  # places, before `and N more`

Steps = Sequence[tuple[str, Sequence[str], Sequence[str]]]
"""The name of each step, what it says, and what to type."""


def render(
    finding: Finding,
    copies: Sequence[Occurrence],
    at_head: Sequence[Occurrence],
    steps: Steps,
    style: Style,
) -> str:
    """The sheet as text, in 80 columns; commands are never broken. Text of the tree is escaped."""
    lines = [style.paint(printable(finding.title), "bold")]
    for label, text in _facts(finding, copies, at_head):
        lines += _labelled(label, printable(text), style)
    lines += ["", style.paint("what to do", "bold")]
    for number, (name, texts, commands) in enumerate(steps, 1):
        for place, text in enumerate(texts):
            lines += _labelled("" if place else f"{number} {name}", printable(text), style)
        lines += [f"{'':{_LABEL + 4}}{command}" for command in commands]
    return "\n".join(lines) + "\n"


def to_json(
    finding: Finding, copies: Sequence[Occurrence], at_head: Sequence[Occurrence], steps: Steps
) -> str:
    """The sheet as one JSON object, schema 1, with a line end."""
    sheet = {
        "schema": 1,
        "finding": finding_object(finding),
        "copies": [occurrence_object(occurrence) for occurrence in copies],
        "at_head": [occurrence_object(occurrence) for occurrence in at_head],
        "pushed": bool(finding.pushed_to) if finding.commit is not None else False,
        "steps": [
            {"name": name, "texts": list(texts), "commands": list(commands)}
            for name, texts, commands in steps
        ],
    }
    return inert(json.dumps(sheet, indent=2)) + "\n"


def _facts(
    finding: Finding, copies: Sequence[Occurrence], at_head: Sequence[Occurrence]
) -> Iterator[tuple[str, str]]:
    severity, confidence = finding.severity.name.lower(), finding.confidence.name.lower()
    yield "rule", f"{finding.rule} ({severity}, confidence {confidence})"
    yield "fingerprint", finding.fingerprint
    yield "looks like", finding.preview
    yield "where", f"{finding.path}:{finding.line}:{finding.column}"
    if finding.decoded:
        yield "encoded", finding.decoded
    if finding.commit is not None:
        yield "since", f"{finding.commit[:12]}, {(finding.date or '')[:10]}, {finding.author or ''}"
    else:
        yield "since", "in no commit that was looked at"
    if finding.in_head is not None:
        yield "at HEAD", _listed([f"{o.path}:{o.line}" for o in at_head]) or "no longer"
    others = [o for o in copies if (o.path, o.commit) != (finding.path, finding.commit)]
    yield "copies", _listed([_copy(o) for o in others]) or "no others"
    if finding.commit is not None:
        yield "pushed to", _listed(list(finding.pushed_to)) or "nothing that is known here"
    yield from finding.details


def _copy(occurrence: Occurrence) -> str:
    place = f"{occurrence.path}:{occurrence.line}" if occurrence.line else occurrence.path
    return f"{place} ({occurrence.commit[:12]})" if occurrence.commit else place


def _listed(items: Sequence[str]) -> str:
    different = list(dict.fromkeys(items))
    more = f" and {len(different) - _SHOWN} more" if len(different) > _SHOWN else ""
    return ", ".join(different[:_SHOWN]) + more


def _labelled(label: str, text: str, style: Style) -> Iterator[str]:
    room = WIDTH - 2 - _LABEL
    wrapped = textwrap.wrap(text, room, break_on_hyphens=False, break_long_words=False) or [""]
    for number, line in enumerate(wrapped):
        shown = label.ljust(_LABEL) if not number else " " * _LABEL
        yield f"  {style.paint(shown, 'dim')}{line}".rstrip()
