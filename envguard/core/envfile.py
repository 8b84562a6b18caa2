"""The noun of a .env file: one entry."""

from __future__ import annotations

from typing import NamedTuple

from envguard.core.secret import Secret


class Entry(NamedTuple):
    """One statement of a .env file.

    `line` is where its key stands, counted from 1. `original` is the entry's whole text as it
    stands in the file, with preceding blank lines, comment and line end. `value` is what the
    dialect reads, before interpolation; None for a key without `=`.
    """

    key: str
    value: Secret | None
    line: int
    original: str

    def __repr__(self) -> str:
        return f"Entry({self.key!r}, line={self.line})"
