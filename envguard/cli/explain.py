"""`envguard run --explain`: where each key comes from, without its value."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from envguard.cli.session import Session
from envguard.core.text import printable
from envguard.jobs.environment.explain import Explained, explain
from envguard.jobs.environment.request import Request


def show(request: Request, session: Session, format: str) -> int:
    """Prints the origins as a table, or as JSON."""
    found = explain(request, session.config, session.profile, session.settings)
    sys.stdout.write(_json(found, session) if format == "json" else _table(found))
    return 0


def _json(found: Sequence[Explained], session: Session) -> str:
    import json

    keys = [
        {
            "key": item.key,
            "origin": item.origin,
            "layer": item.layer,
            "value": item.value,
            "instead_of": list(item.instead_of),
        }
        for item in found
    ]
    document = {"schema": 1, "profile": session.profile.name, "keys": keys}
    return json.dumps(document, indent=2) + "\n"


def _table(found: Sequence[Explained]) -> str:
    rows = [("KEY", "LAYER", "VALUE", "ORIGIN", "INSTEAD OF")]
    rows += [
        (item.key, item.layer, item.value, item.origin, ", ".join(item.instead_of))
        for item in found
    ]
    shown = [tuple(printable(cell) for cell in row) for row in rows]
    widths = [max(len(row[column]) for row in shown) for column in range(len(rows[0]))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    )
    return "\n".join(lines) + "\n"
