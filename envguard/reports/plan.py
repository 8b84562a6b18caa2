"""A migration's plan as a table that fits the terminal: what happens to each key, and why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from envguard.core.plan import Action, FilePlan, Plan, Step
from envguard.core.text import printable
from envguard.reports.style import Style

_HEADS = ("KEY", "CLASS AND WHY", "WHERE TO", "ACTION")
_ACTION = len(_HEADS[3])
_GAP = "  "
_LEAST = 16  # characters below which no column shrinks
_SHORT = {"configuration": "config"}
_COLOURS = {Action.MOVE: "bold green", Action.LINK: "green", Action.KEEP: "dim"}


def render(plan: Plan, shown: Mapping[str, str], style: Style, width: int = 80) -> Iterator[str]:
    """The lines of the table, none wider than `width`: one table a file. `shown` gives the paths
    as people know them. Long texts go on in the next line; nothing is cut off."""
    parts = [(_head(file, shown), file.steps) for file in plan.files]
    if plan.origin is not None:
        parts.insert(0, (plan.origin, plan.secrets))
    for number, (name, steps) in enumerate(parts):
        if number:
            yield ""
        for line in _wrapped(printable(name), width):
            yield style.paint(line, "bold")
        yield from _table(steps, style, width)
    if len(parts) > 1:
        yield ""
        yield from _summary(plan)


def _head(file: FilePlan, shown: Mapping[str, str]) -> str:
    name = shown.get(file.path, file.path)
    return f"{name} (profile {file.profile})" if file.layers else name


def _table(steps: Sequence[Step], style: Style, width: int) -> Iterator[str]:
    rows = [_cells(step) for step in steps]
    widths = _widths([_HEADS[:3], *rows], width - _ACTION - 3 * len(_GAP))
    yield style.paint(_line((*_HEADS[:3], _HEADS[3]), widths), "dim")
    for step, row in zip(steps, rows, strict=True):
        columns = [_wrapped(cell, size) for cell, size in zip(row, widths, strict=True)]
        for number in range(max(map(len, columns))):
            cells = [column[number] if number < len(column) else "" for column in columns]
            if number:
                yield _GAP.join(c.ljust(w) for c, w in zip(cells, widths, strict=True)).rstrip()
                continue
            first = _GAP.join(c.ljust(w) for c, w in zip(cells, widths, strict=True))
            yield first + _GAP + style.paint(step.action.value, _COLOURS[step.action])
        for line in textwrap.wrap(printable(step.note), width - 2 * len(_GAP)):
            yield style.paint(_GAP * 2 + line, "dim")


def _cells(step: Step) -> tuple[str, str, str]:
    kind = _SHORT.get(step.kind, step.kind)
    why = f"{kind}: {step.reason}" if kind else step.reason
    where = "-" if step.reference is None else str(step.reference)
    return printable(step.key), printable(why), printable(where)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [c.ljust(w) for c, w in zip(cells, widths, strict=False)]
    return _GAP.join((*padded, *cells[len(widths) :]))


def _widths(rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """A width for each column: as wide as its texts; where that is too much, the widest give."""
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    while sum(widths) > room and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def _summary(plan: Plan) -> Iterator[str]:
    counts = dict.fromkeys(Action, 0)
    for step in plan.steps:
        counts[step.action] += 1
    yield ", ".join(f"{count} {action.value}" for action, count in counts.items())
