"""The points of each feature, and how many make a confidence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from operator import add
from pathlib import Path

from envguard.core.rule import Confidence
from envguard.detection.evidence import paths

_FILE = Path(__file__).with_name("weights.json")

Table = Mapping[str, float]
Features = Mapping[str, str]


class Weights:
    """Points of features. `start` is what every candidate begins with, `levels` are the least
    points of each confidence, `single` the points of each feature's texts, and `pairs` those of
    two features together."""

    def __init__(
        self,
        start: float,
        levels: Table,
        single: Mapping[str, Table],
        pairs: Sequence[tuple[str, str, Mapping[str, Table]]],
    ) -> None:
        self.start = start
        self._levels = [
            (Confidence[name.upper()], least)
            for name, least in sorted(levels.items(), key=lambda level: -level[1])
        ]
        self._single = single
        self._pairs = [pair for pair in pairs if pair[0] not in ("file", "purpose")]
        self._kinds = _Placed("file", paths.KINDS, single, pairs)
        self._purposes = _Placed("purpose", paths.PURPOSES, single, pairs)
        self._all_pairs = pairs

    def points(self, found: Features, path: str) -> float:
        """What the features of a candidate add up to in a file; an empty path is the file in which
        that is most: no feature depends on both its kind and its purpose."""
        total = self.start
        single = self._single
        for name, text in found.items():
            table = single.get(name)
            if table is not None:
                total += table.get(text, 0.0)
        for first, second, rows in self._pairs:
            row = rows.get(found[first])
            if row is not None:
                total += row.get(found[second], 0.0)
        kinds, purposes = self._kinds.points(found), self._purposes.points(found)
        if not path:
            return total + max(kinds) + max(purposes)
        kind, purpose = paths.kind(path), paths.purpose(path)
        return total + kinds[paths.KINDS.index(kind)] + purposes[paths.PURPOSES.index(purpose)]

    def reasons(self, found: Features) -> Iterator[tuple[str, float]]:
        """The features that say something, in words, and their points."""
        for name, text in found.items():
            if points := self._single.get(name, {}).get(text):
                yield f"{name}: {text}", points
        for first, second, rows in self._all_pairs:
            one, other = found[first], found[second]
            if points := rows.get(one, {}).get(other):
                yield f"{first}: {one}, {second}: {other}", points

    def level(self, points: float) -> Confidence | None:
        """The confidence that a sum of points is; None where it is too little for any."""
        return next((level for level, least in self._levels if points >= least), None)


class _Placed:
    """The points of what depends on one thing about the path: for each text that this may be."""

    def __init__(
        self,
        name: str,
        texts: Sequence[str],
        single: Mapping[str, Table],
        pairs: Sequence[tuple[str, str, Mapping[str, Table]]],
    ) -> None:
        table = single.get(name, {})
        self._alone = [table.get(text, 0.0) for text in texts]
        self._rows: list[tuple[str, dict[str, list[float]]]] = []
        for first, second, rows in pairs:
            if first == name:
                others = {other for row in rows.values() for other in row}
                columns = {
                    other: [rows.get(text, {}).get(other, 0.0) for text in texts]
                    for other in others
                }
                self._rows.append((second, columns))

    def points(self, found: Features) -> list[float]:
        total = self._alone
        for name, columns in self._rows:
            column = columns.get(found[name])
            if column is not None:
                total = [*map(add, total, column)]
        return total


@cache  # of a file that is part of the program
def load() -> Weights:
    """What stands in `weights.json`."""
    content = json.loads(_FILE.read_text(encoding="ascii"))
    return Weights(**content)
