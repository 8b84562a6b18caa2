"""What rules of other tools decide with: kept beside the rules, and read when it is needed.

A rule has `checks` where it, or an allow list that holds for it, comes from another tool's
configuration. What they need (expressions, stop words, options of plugins) is one table of plain
data for all rules; a scan whose texts have no candidate of such a rule never reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from envguard.core.rule import Checks, Place, Rule

Spec = Mapping[str, Any]
"""What one rule decides with, as JSON takes it; `tool` says whose rule it is."""

GITLEAKS, PLUGIN, OURS = "gitleaks", "plugin", ""
"""What `tool` can be. OURS: a rule of ours, for which an allow list of gitleaks holds."""


class Beside(NamedTuple):
    """What configurations of other tools say beside their rules.

    `named` are rules about the names of files alone; `generic` are the checks of the finder of
    assignments, `commits` those commits whose findings are allowed, by rule; `notes` tell a person
    what could not be honoured.
    """

    named: tuple[Rule, ...] = ()
    generic: Checks | None = None
    commits: Mapping[str, Sequence[str]] = MappingProxyType({})
    notes: tuple[str, ...] = ()


class _Judge(Protocol):
    """The part of `Checks` that each tool does in its own way."""

    def look(self, text: bytes, end: int, done: int) -> tuple[Sequence[Place], int]: ...

    def weigh(self, text: bytes, start: int, end: int) -> int | None: ...

    def holds(self, path: str, waits: int) -> bool: ...


class Table:
    """The specs of some rules, by number, with what several of them share."""

    def __init__(self, packed: bytes) -> None:
        self._packed = packed
        self._data: dict[str, Any] | None = None
        self._shared: dict[int, Any] = {}

    @classmethod
    def of(cls, specs: Sequence[Spec], shared: Sequence[Any]) -> Table:
        """A table of specs; numbers in them may point into `shared`."""
        return cls(json.dumps({"specs": specs, "shared": shared}).encode())

    @property
    def packed(self) -> bytes:
        """The table as bytes, which make the same one."""
        return self._packed

    @property
    def has_any(self) -> bool:
        """Whether any rule has such checks."""
        return self._packed != EMPTY.packed

    def checks(self, number: int, tool: str) -> Checks:
        """The checks of the spec with this number, which is of this tool."""
        return _Checks(self, number, tool)

    def spec(self, number: int) -> Spec:
        """The spec with this number."""
        spec: Spec = self._read()["specs"][number]
        return spec

    def shared(self, number: int) -> Any:
        """What several specs share, under this number."""
        return self._read()["shared"][number]

    def _read(self) -> dict[str, Any]:
        if self._data is None:
            self._data = json.loads(self._packed)
        return self._data


EMPTY = Table.of((), ())
"""The table where no other tool's configuration is used."""


class _Checks:
    """One rule's checks, made when they are first asked."""

    def __init__(self, table: Table, number: int, tool: str) -> None:
        self._table = table
        self.key = number, tool
        self._judge: _Judge | None = None
        self.is_foreign = tool != OURS

    def look(self, text: bytes, end: int, done: int) -> tuple[Sequence[Place], int]:
        return self._made().look(text, end, done)

    def weigh(self, text: bytes, start: int, end: int) -> int | None:
        return self._made().weigh(text, start, end)

    def holds(self, path: str, waits: int) -> bool:
        return self._made().holds(path, waits)

    def _made(self) -> _Judge:
        if self._judge is None:
            spec = self._table.spec(self.key[0])
            if spec["tool"] == PLUGIN:
                from envguard.detection.plugins.judge import Judge as Plugin  # noqa: PLC0415

                self._judge = Plugin(spec)
            else:
                from envguard.detection.gitleaks.judge import Judge  # noqa: PLC0415

                self._judge = Judge(spec, [self._table.shared(n) for n in spec["allow"]])
        return self._judge
