"""gitleaks' allow lists: what a rule finds and nobody wants to hear of.

A list has up to four conditions: commits, paths, expressions, stop words. Any of them is enough,
unless its `condition` is AND. Paths are known later than the text in a scan of a history, so an
AND list whose other conditions hold waits for the path.

https://github.com/gitleaks/gitleaks#configuration
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from envguard.detection.gitleaks.syntax import FLAGS


class Allowlist:
    """One list. `data` holds `all` (whether its condition is AND), `target` (what its expressions
    look at: "secret", "match" or "line"), `regexes` and `paths` (one Python expression each, or
    empty) and `words` (in lower case)."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._all: bool = data["all"]
        self._target: str = data["target"]
        self._regex = re.compile(data["regexes"], FLAGS) if data["regexes"] else None
        self._path = re.compile(data["paths"], FLAGS) if data["paths"] else None
        self._words: Sequence[str] = data["words"]

    @property
    def waits(self) -> bool:
        """Whether what its text says must meet with a path."""
        return self._all and self._path is not None

    def allows_text(self, secret: str, match: str, line: str) -> bool:
        """Whether what it says about the text holds."""
        checks: list[bool] = []
        if self._regex is not None:
            target = {"match": match, "line": line}.get(self._target, secret)
            checks.append(bool(target and self._regex.search(target)))
        if self._words:
            lower = secret.lower()
            checks.append(any(word in lower for word in self._words))
        if not checks:
            # A list of paths alone: as an AND list it waits for nothing but the path.
            return self.waits
        return all(checks) if self._all else any(checks)

    def allows_path(self, path: str) -> bool:
        """Whether what it says about the path holds."""
        return self._path is not None and bool(path) and bool(self._path.search(path))


def weigh(lists: Sequence[Allowlist], secret: str, match: str, line: str) -> int | None:
    """None where a list allows the text; else the lists that wait for the path, by their bits."""
    waits = 0
    for number, allowlist in enumerate(lists):
        if allowlist.allows_text(secret, match, line):
            if not allowlist.waits:
                return None
            waits |= 1 << number
    return waits


def allowed_in(lists: Sequence[Allowlist], path: str, waits: int) -> bool:
    """Whether a list allows what was found in this file."""
    return any(
        allowlist.allows_path(path) and (not allowlist.waits or waits >> number & 1)
        for number, allowlist in enumerate(lists)
    )
