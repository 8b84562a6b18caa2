"""All objects that git lists, read through `git cat-file`: slower, and whatever their form."""

from __future__ import annotations

import re
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing

from envguard.core.document import LARGE
from envguard.sources.git import Git
from envguard.sources.stored import KINDS, TREE, At, Stored, pieces

_TASK = 2000  # objects
_ABOUT = "%(objecttype) %(objectname) %(objectsize)"
_FIND = re.compile(rb"^(blob|commit|tag|tree) ([0-9a-f]+) ([0-9]+)$", re.MULTILINE).findall
_FIND_MISSING = re.compile(rb"^([0-9a-f]+) missing$", re.MULTILINE).findall


class Listed:
    """All objects that git lists, read through `git cat-file`, one process a task. Places count
    the objects of a task."""

    counted = (0, 0)

    def __init__(self, git: Git, damaged: Sequence[str] = ()) -> None:
        """Raises GitError."""
        self._git = git
        missing: list[str] = []
        objects = list(all_objects(git, missing))
        self.missing: Sequence[str] = missing
        self.damaged = damaged
        self._lists = list(pieces(objects, _TASK))

    @property
    def tasks(self) -> int:
        """How many tasks there are."""
        return len(self._lists)

    def read(self, task: int) -> Generator[Stored, None, None]:
        """The objects of a task."""
        small: dict[str, int] = {}
        for place, (kind, name, size) in enumerate(self._lists[task]):
            if size < LARGE:
                small[name] = place
            else:
                yield Stored(place, kind, None)
        with closing(self._git.contents(small)) as found:
            for name, text in found:
                yield Stored(small[name], self._lists[task][small[name]][0], text)

    def names(self, found: Collection[At]) -> dict[At, str]:
        """The ids of objects."""
        return {(task, place): self._lists[task][place][1] for task, place in found}

    def is_loose(self, task: int) -> bool:  # noqa: ARG002 - as in Store
        """Never, as far as we know."""
        return False


def all_objects(git: Git, missing: list[str]) -> Iterator[tuple[int, str, int]]:
    """Kind, id and size of every blob, commit and tag, in the order of the packs; `missing` gets
    the ids that an index names and nothing holds."""
    listing = git.stream(
        *("cat-file", "--batch-all-objects", "--unordered", f"--batch-check={_ABOUT}")
    )
    with closing(listing):
        for found in _read_listing(listing, missing):
            if found[0] != TREE:
                yield found


def kinds(git: Git, names: Iterable[str], missing: list[str]) -> Iterator[tuple[int, str, int]]:
    """Kind, id and size of each object; `missing` gets those that git does not have."""
    feed = "".join([f"{name}\n" for name in names]).encode("ascii")
    if not feed:
        return
    with closing(git.stream("cat-file", f"--batch-check={_ABOUT}", feed=[feed])) as listing:
        yield from _read_listing(listing, missing)


def _read_listing(chunks: Iterable[bytes], missing: list[str]) -> Iterator[tuple[int, str, int]]:
    rest = b""
    for chunk in chunks:
        block, end, rest = (rest + chunk).rpartition(b"\n")
        for kind, name, size in _FIND(block):
            yield KINDS[kind], name.decode("ascii"), int(size)
        if b" missing" in block:
            missing += [name.decode("ascii") for name in _FIND_MISSING(block + end)]
