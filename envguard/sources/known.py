"""What an earlier scan has seen of an object store, so that the next one reads only what is new.

Nothing in it is a content of the repository: names of objects, and how large they are. A table
holds names in binary, one behind the other and in order, as the index of a pack does.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

_FEW = 2000  # names that are looked up one by one
_BYTE = 256  # values


class Known(NamedTuple):
    """The packs that were read as a whole, by their checksums; how many blobs there were, in them
    and loose ones, and their bytes; the size of each loose object (-1: it is no blob). `tables`
    gives the names of all objects of these packs, for when other packs hold them; none where they
    are not known any more."""

    packs: frozenset[bytes]
    blobs: int
    size: int
    loose: Mapping[bytes, int]
    tables: Callable[[], Sequence[bytes]]


def missing(table: bytes, others: Sequence[bytes], size: int) -> list[bytes]:
    """The names in a table that none of the others has; `size` is the bytes of a name."""
    if len(table) <= _FEW * size:
        return [
            name for name in _names(table, size) if not any(_has(o, name, size) for o in others)
        ]
    return [
        name
        for first in range(_BYTE)
        for name in sorted(
            set(_names(_part(table, first, size), size)).difference(
                *(_names(_part(other, first, size), size) for other in others)
            )
        )
    ]


def _names(table: bytes, size: int) -> list[bytes]:
    return [table[at : at + size] for at in range(0, len(table), size)]


def _part(table: bytes, first: int, size: int) -> bytes:
    """The names that begin with this byte."""
    places = range(len(table) // size)
    start, end = (
        bisect_left(places, byte, key=lambda n: table[n * size]) for byte in (first, first + 1)
    )
    return table[start * size : end * size]


def _has(table: bytes, name: bytes, size: int) -> bool:
    places = range(len(table) // size)
    at = bisect_left(places, name, key=lambda n: table[n * size : n * size + size]) * size
    return table[at : at + size] == name
