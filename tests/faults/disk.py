"""What a disk may hold after a loss of power: recorded operations, replayed into crash states.

The model is stricter than common file systems, and what POSIX leaves open counts as lost
(https://pubs.opengroup.org/onlinepubs/9799919799/functions/fsync.html):

- what is written to a file is safe once that file is synced; before, each write may be lost,
  torn (its first half is there), or whole, in any order;
- a name (made, replaced, removed) is safe once its folder is synced; before, each change may be
  lost, in any order. One rename is atomic: its target is the old file or the new one.
"""

from __future__ import annotations

import itertools
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

Tree: TypeAlias = dict[str, "tuple[int, bytes] | int"]
"""Path relative to the root -> mode and content of a file, or the mode of a folder."""

_ALL = 5
"""Up to how many unsynced operations every combination of them is tried."""


class Name(NamedTuple):
    """A change of names in one folder (by its number): each gets a file's number, or none."""

    folder: int
    names: tuple[tuple[str, int | None], ...]


class Data(NamedTuple):
    """Bytes written into a file."""

    file: int
    offset: int
    content: bytes


class Cut(NamedTuple):
    """A file cut, or made longer, to a size."""

    file: int
    size: int


class Mode(NamedTuple):
    """The permission bits of a file or folder."""

    file: int
    mode: int


class Sync(NamedTuple):
    """A file or folder made safe."""

    file: int


Operation: TypeAlias = "Name | Data | Cut | Mode | Sync"


class Node(NamedTuple):
    """A file or a folder as it was when the recording began, or as it was made: empty."""

    mode: int
    is_folder: bool
    content: bytes = b""
    names: tuple[tuple[str, int], ...] = ()


class Recording(NamedTuple):
    """What happened below a root. `nodes` by number; 0 is the root. `opaque` are the contents of
    files that are not recorded but taken as safe (a database's): for each, from which operation on
    it had which content (None: it was not there)."""

    nodes: dict[int, Node]
    operations: list[Operation]
    opaque: dict[str, list[tuple[int, int, bytes | None]]]

    def crashes(self) -> Iterator[tuple[int, Tree]]:
        """Every crash state, once: after how many operations, and what is on the disk."""
        seen: set[int] = set()
        for point in range(len(self.operations) + 1):
            for tree in self.crashes_at(point):
                mark = hash(frozenset(tree.items()))
                if mark not in seen:
                    seen.add(mark)
                    yield point, tree

    def crashes_at(self, point: int) -> Iterator[Tree]:
        """The states that a crash after the first `point` operations can leave."""
        done = self.operations[:point]
        safe = _safe(done)
        open_ = [n for n, op in enumerate(done) if n not in safe and not isinstance(op, Sync)]
        for fates in _fates([done[number] for number in open_]):
            fate = dict(zip(open_, fates, strict=True))
            yield self._tree(
                [
                    _torn(operation) if fate.get(number) == "torn" else operation
                    for number, operation in enumerate(done)
                    if fate.get(number) != "lost"
                ],
                point,
            )

    def _tree(self, operations: Iterable[Operation], point: int) -> Tree:
        contents = {number: bytearray(node.content) for number, node in self.nodes.items()}
        modes = {number: node.mode for number, node in self.nodes.items()}
        names = {number: dict(node.names) for number, node in self.nodes.items()}
        for operation in operations:
            if isinstance(operation, Name):
                for name, file in operation.names:
                    if file is None:
                        names[operation.folder].pop(name, None)
                    else:
                        names[operation.folder][name] = file
            elif isinstance(operation, Data):
                content = contents[operation.file]
                content.extend(bytes(max(0, operation.offset - len(content))))
                end = operation.offset + len(operation.content)
                content[operation.offset : end] = operation.content
            elif isinstance(operation, Cut):
                content = contents[operation.file]
                content.extend(bytes(max(0, operation.size - len(content))))
                del content[operation.size :]
            elif isinstance(operation, Mode):
                modes[operation.file] = operation.mode
        tree: Tree = {}
        waiting = [("", 0)]
        while waiting:
            path, number = waiting.pop()
            for name, file in names[number].items():
                below = f"{path}{name}"
                if self.nodes[file].is_folder:
                    tree[below] = modes[file]
                    waiting.append((f"{below}/", file))
                else:
                    tree[below] = (modes[file], bytes(contents[file]))
        for path, states in self.opaque.items():
            *_, (_, mode, held) = [(-1, 0, None), *(s for s in states if s[0] <= point)]
            if held is not None and (path.rpartition("/")[0] in tree or "/" not in path):
                tree[path] = (mode, held)
        return tree


def snapshot(root: Path, skip: Callable[[str], bool]) -> tuple[dict[int, Node], dict[str, int]]:
    """What is below a root: the nodes by number, and the number of each path. Links, and what
    `skip` says of a path, are left out."""
    nodes: dict[int, Node] = {}
    numbers: dict[str, int] = {}

    def take(path: str) -> int:
        number = numbers[path] = len(numbers)
        place = root / path
        mode = stat.S_IMODE(place.stat().st_mode)
        if not place.is_dir():
            nodes[number] = Node(mode, False, place.read_bytes())
            return number
        names = []
        for entry in sorted(place.iterdir()):
            below = entry.relative_to(root).as_posix()
            if not entry.is_symlink() and not skip(below):
                names.append((entry.name, take(below)))
        nodes[number] = Node(mode, True, names=tuple(names))
        return number

    take("")
    return nodes, numbers


def put(tree: Tree, root: Path) -> None:
    """Makes a folder hold exactly this tree."""
    for old in list(root.iterdir()):
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink()
    folders = {path: mode for path, mode in tree.items() if isinstance(mode, int)}
    for path in sorted(folders):
        (root / path).mkdir()
    for path, held in tree.items():
        if not isinstance(held, int):
            (root / path).write_bytes(held[1])
            (root / path).chmod(held[0])
    for path, mode in folders.items():
        (root / path).chmod(mode)


def without(recording: Recording, drop: Callable[[int, Sync], bool]) -> Recording:
    """The same recording as if some syncs had not been called; `drop` gets the number of each,
    counted from 0 among the syncs."""
    count = itertools.count()
    kept = [
        operation
        for operation in recording.operations
        if not (isinstance(operation, Sync) and drop(next(count), operation))
    ]
    return recording._replace(operations=kept)


def _safe(done: Sequence[Operation]) -> set[int]:
    """The operations that a later sync of their file or folder has made safe."""
    safe: set[int] = set()
    synced: set[int] = set()
    for number in range(len(done) - 1, -1, -1):
        operation = done[number]
        if isinstance(operation, Sync):
            synced.add(operation.file)
        elif (operation.folder if isinstance(operation, Name) else operation.file) in synced:
            safe.add(number)
    return safe


def _fates(operations: Sequence[Operation]) -> Iterator[tuple[str, ...]]:
    """What may become of unsynced operations: for a few of them every combination, else none,
    each alone, all but one, each beginning, and all; that comes last."""
    choices = [
        ("lost", "torn", "kept") if isinstance(op, Data) else ("lost", "kept") for op in operations
    ]
    if len(choices) <= _ALL:
        yield from itertools.product(*choices)
        return
    count = len(choices)
    lost, kept = ["lost"] * count, ["kept"] * count
    yield tuple(lost)
    for number, fates in enumerate(choices):
        for fate in fates:
            yield (*lost[:number], fate, *lost[number + 1 :])
            yield (*kept[:number], fate, *kept[number + 1 :])
            yield (*kept[:number], fate, *lost[number + 1 :])
    yield tuple(kept)


def _torn(operation: Operation) -> Operation:
    if not isinstance(operation, Data):
        return operation
    return operation._replace(content=operation.content[: len(operation.content) // 2])
