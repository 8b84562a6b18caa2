"""What a repository's object store holds: the nouns, and how it is read.

Packs and loose objects are read in process, which is faster; what is in any other form (partial
clones, quarantines, older indexes) is read through `git cat-file`.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

T = TypeVar("T")

COMMIT, TREE, BLOB, TAG = 1, 2, 3, 4
"""The kinds of objects, as packs number them."""

KINDS = {b"commit": COMMIT, b"blob": BLOB, b"tag": TAG, b"tree": TREE}
"""The same by the names that git gives them."""

At = tuple[int, int]
"""An object: its task, and its place there, which for one in a pack is its offset."""


class Stored(NamedTuple):
    """One blob, commit or tag. `place` tells it apart from others of its task. `kind` is 0 where
    it is not known, and then it may be a tree. `text` is None where it is too large or damaged:
    ask git for it."""

    place: int
    kind: int
    text: bytes | None


class Store(Protocol):
    """What gives every object once, in tasks."""

    @property
    def tasks(self) -> int:
        """How many tasks there are; they are counted from 0."""
        ...

    @property
    def missing(self) -> Sequence[str]:
        """The ids of objects that are named and not there, as far as it is known."""
        ...

    @property
    def damaged(self) -> Sequence[str]:
        """The files of it that are damaged, so that objects may be hidden."""
        ...

    @property
    def counted(self) -> tuple[int, int]:
        """The blobs, and their bytes, that are known and so not in any task."""
        ...

    def is_loose(self, task: int) -> bool:
        """Whether a task reads loose objects."""
        ...

    def read(self, task: int) -> Generator[Stored, None, None]:
        """The blobs, commits and tags of a task, in the order in which they are stored."""
        ...

    def names(self, found: Collection[At]) -> dict[At, str]:
        """The ids of objects."""
        ...


def pieces(objects: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The objects, `size` at a time."""
    for at in range(0, len(objects), size):
        yield objects[at : at + size]
