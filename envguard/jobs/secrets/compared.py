"""What two places hold, without showing any of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from envguard.core.backend import Backend
from envguard.core.secret import Secret
from envguard.jobs.secrets.values import listed


class Difference(NamedTuple):
    """Names by what two places hold under them. `shared` are values that stand on both sides
    under different names, as names of the first and of the second."""

    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    different: tuple[str, ...]
    equal: tuple[str, ...]
    shared: tuple[tuple[str, str], ...]

    @property
    def is_none(self) -> bool:
        """Whether both hold the same."""
        return not (self.only_first or self.only_second or self.different)


def compare(first: Backend, second: Backend) -> Difference:
    """What two backends hold. Values are read, compared, and not shown. Raises UsageError where
    one of them cannot be listed."""
    here, there = _values(first), _values(second)
    both = sorted(here.keys() & there.keys())
    names: dict[Secret, list[str]] = {}
    for name, value in sorted(there.items()):
        names.setdefault(value, []).append(name)
    return Difference(
        tuple(sorted(here.keys() - there.keys())),
        tuple(sorted(there.keys() - here.keys())),
        tuple(name for name in both if here[name] != there[name]),
        tuple(name for name in both if here[name] == there[name]),
        tuple(
            (name, other)
            for name, value in sorted(here.items())
            for other in names.get(value, ())
            if other != name and value
        ),
    )


def _values(backend: Backend) -> Mapping[str, Secret]:
    references = {row.name: backend.locate(row.name) for row in listed(backend)}
    found = backend.read(list(references.values()))
    return {name: found[ref] for name, ref in references.items() if ref in found}
