"""The noun of a .env file: one entry."""

from __future__ import annotations

from typing import NamedTuple

from envguard.core.secret import Secret


class Entry(NamedTuple):
    """One statement of a .env file, or of another file that gives variables.

    `line` is where its key stands, counted from 1. `original` is the entry's whole text as it
    stands in the file, with preceding blank lines, comment and line end. `value` is what the
    dialect reads, before interpolation; None for a key without `=`. `section` is the part of the
    file that it belongs to, where a file has several: a service of a compose file, a Kubernetes
    Secret; empty in a .env file, and for what several services share. `uses` are the names that
    its value is built from, where the dialect says so; None: as python-dotenv interpolates.
    """

    key: str
    value: Secret | None
    line: int
    original: str
    section: str = ""
    uses: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return f"Entry({self.key!r}, line={self.line})"
