"""The packs and loose objects of a repository and of those that it borrows from, in tasks."""

from __future__ import annotations

import contextlib
import os
import re
import zlib
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from envguard.core.document import LARGE
from envguard.sources.git import Git
from envguard.sources.known import Known, missing
from envguard.sources.listed import Listed, all_objects, kinds
from envguard.sources.packs import DamagedIndexError, NotReadableError, Pack, Part
from envguard.sources.stored import BLOB, KINDS, TREE, At, Store, Stored, pieces

PART = 2 << 20
"""Bytes of a pack that are one task: some thousand objects."""

_LOOSE_FILES = 2000  # that are one task
_ASKED = 500  # new ones among the known objects of a pack, that are one task
_SHARE = 16  # one of so many objects of a pack may be new, to be asked for one by one
_ELSEWHERE = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")
_INDEXES = "pack/*.idx"  # git reads packs of every name, such as prefetch-*
_FOLDER = re.compile("[0-9a-f]{2}")
_NAME = re.compile("[0-9a-f]+")
_HEADER = 64  # bytes of a loose object, inflated, that hold its kind and size


def open_store(git: Git, known: Known | None = None) -> Store:
    """The object store of a repository, in the fastest way that can read it; what is `known` is
    left out, as far as that way can tell. Raises GitError."""
    damaged: list[str] = []
    try:
        return ObjectFiles(git, known)
    except DamagedIndexError as error:
        damaged.append(str(error))
    except (NotReadableError, OSError):
        pass
    return Listed(git, damaged)  # not while an exception holds the open packs


class _PackPart(NamedTuple):
    """A task: a part of a pack, without the objects at `skip`."""

    pack: Pack
    part: Part
    skip: Collection[int]

    def read(self) -> Generator[Stored, None, None]:
        from envguard.sources import unpack  # noqa: PLC0415 - see `_check_speed`

        try:
            yield from unpack.Unpacker(self.pack, self.part).objects(self.skip)
        except unpack.DAMAGE:
            # Nothing has been given yet: what the part holds is not known.
            for offset in self.pack.offsets[self.part.first : self.part.last]:
                if offset not in self.skip:
                    yield Stored(offset, 0, None)


class _Loose(NamedTuple):
    """A task: files of loose objects; places count them."""

    files: Sequence[Path]

    def read(self) -> Generator[Stored, None, None]:
        for place, file in enumerate(self.files):
            kind, text = 0, None
            with contextlib.suppress(OSError, ValueError, KeyError, zlib.error):
                kind, text = _inflated(file)
            if kind != TREE:
                yield Stored(place, kind, text)

    def name(self, place: int) -> str:
        file = self.files[place]
        return file.parent.name + file.name


class _Asked(NamedTuple):
    """A task: objects of any kind that git is asked for; places count them."""

    git: Git
    objects: Sequence[bytes]

    def read(self) -> Generator[Stored, None, None]:
        places = {name.hex(): place for place, name in enumerate(self.objects)}
        lost: list[str] = []
        found: dict[str, int] = {}
        for kind, name, size in kinds(self.git, places, lost):
            if size < LARGE or kind == TREE:
                found[name] = kind
            else:
                yield Stored(places[name], kind, None)
        wanted = [name for name, kind in found.items() if kind != TREE]
        with closing(self.git.contents(wanted)) as texts:
            for name, text in texts:
                yield Stored(places[name], found[name], text)
        for name in lost:
            yield Stored(places[name], 0, None)

    def name(self, place: int) -> str:
        return self.objects[place].hex()


class ObjectFiles:
    """The packs and loose objects of a repository and of its alternates, read in process."""

    def __init__(self, git: Git, known: Known | None = None) -> None:
        """Raises NotReadableError where there is something that only git can read."""
        if not hasattr(os, "pread"):
            raise NotReadableError("a system that reads files in another way")
        if git.partial or any(name in git.environment for name in _ELSEWHERE):
            raise NotReadableError("objects may be missing here, or elsewhere")
        id_size = len(git.null_id) // 2
        folders = _folders(git)
        files = [file for folder in folders for file in folder.glob(_INDEXES)]
        # A copy of a repository may borrow from it: the same pack twice.
        packs = [
            *{pack.checksum: pack for pack in (Pack(file, id_size) for file in files)}.values()
        ]
        self.packs = packs
        # Each object once: where two packs have it, the larger one gives it.
        packs.sort(key=lambda pack: -pack.count)
        loose = {
            name: file
            for name, file in _loose(folders, id_size).items()
            if not any(pack.has(name) for pack in packs)
        }
        self.loose: Sequence[bytes] = [*loose]
        self.missing: Sequence[str] = ()
        self.damaged: Sequence[str] = ()
        self._tasks: list[_PackPart | _Loose | _Asked] = []
        here = {pack.checksum: pack for pack in packs}
        old: Sequence[bytes] = ()
        self.known: Known | None = None
        """What is known and holds here."""
        self.has_known_packs = known is not None and known.packs <= here.keys()
        if known is not None:
            old = [here[c].table for c in known.packs] if self.has_known_packs else known.tables()
            self.known = known if old or self.has_known_packs else None
        seen = self.known.packs if self.known is not None else frozenset()
        unread: list[bytes] = []
        sizes = self.known.loose if self.known is not None else {}
        tables = [*old, *([b"".join(sorted(sizes))] if sizes else [])]
        for pack in packs:
            if pack.checksum not in seen:
                _check_speed()
                pack.check()
                new = missing(pack.table, tables, id_size) if tables else None
                self._tasks += self._new(git, pack, new)
                unread += new or ()
                tables.append(pack.table)
        fresh = [file for name, file in loose.items() if name not in sizes]
        self._tasks += [_Loose(files) for files in pieces(fresh, _LOOSE_FILES)]
        self.counted = (0, 0)
        if self.known is not None:
            unread += [name for name in loose if name not in sizes]
            self.counted = self._counted(git, self.known, old, unread)

    def _new(
        self, git: Git, pack: Pack, new: Sequence[bytes] | None
    ) -> Iterator[_PackPart | _Asked]:
        """The tasks for those objects of a pack that are new; None: all of them are."""
        if new is not None and len(new) * _SHARE < pack.count:
            for names in pieces(new, _ASKED):
                yield _Asked(git, names)
            return
        skip: frozenset[int] = frozenset()
        if new is not None and len(new) < pack.count:
            wanted = set(new)
            skip = frozenset(o for o, name in pack.names().items() if name not in wanted)
        for part in pack.parts(PART):
            yield _PackPart(pack, part, skip)

    def _counted(
        self, git: Git, known: Known, old: Sequence[bytes], unread: Sequence[bytes]
    ) -> tuple[int, int]:
        """How many of the known blobs are here, and their bytes."""
        tables, size = [pack.table for pack in self.packs], len(git.null_id) // 2
        if not self.has_known_packs and any(missing(table, tables, size) for table in old):
            # Of what is gone nobody knows what it was: git counts what is left.
            new = {name.hex() for name in unread}
            sizes = [
                size
                for kind, name, size in all_objects(git, [])
                if kind == BLOB and name not in new
            ]
            return len(sizes), sum(sizes)
        gone = [size for name, size in known.loose.items() if size >= 0 and not self.has(name)]
        return known.blobs - len(gone), known.size - sum(gone)

    def has(self, name: bytes) -> bool:
        """Whether an object is here, named in binary."""
        return name in self._loose_names or any(pack.has(name) for pack in self.packs)

    @cached_property
    def _loose_names(self) -> frozenset[bytes]:
        return frozenset(self.loose)

    @property
    def tasks(self) -> int:
        """How many tasks there are."""
        return len(self._tasks)

    def read(self, task: int) -> Generator[Stored, None, None]:
        """The objects of a task."""
        return self._tasks[task].read()

    def names(self, found: Collection[At]) -> dict[At, str]:
        """The ids of objects."""
        offsets: dict[Pack, set[int]] = {}
        for number, place in found:
            task = self._tasks[number]
            if isinstance(task, _PackPart):
                offsets.setdefault(task.pack, set()).add(place)
        ids = {pack: pack.names(wanted) for pack, wanted in offsets.items()}
        named: dict[At, str] = {}
        for number, place in found:
            task = self._tasks[number]
            if isinstance(task, _PackPart):
                named[number, place] = ids[task.pack][place].hex()
            else:
                named[number, place] = task.name(place)
        return named

    def is_loose(self, task: int) -> bool:
        """Whether a task reads loose objects."""
        return isinstance(self._tasks[task], _Loose)


def _check_speed() -> None:
    """Raises NotReadableError where git is faster than we are."""
    # Takes 25 ms, and what is known is not read.
    from envguard.sources import deltas, unpack  # noqa: F401, PLC0415

    if not deltas.IS_FAST:
        raise NotReadableError("dulwich has no compiled part here")


def _folders(git: Git) -> list[Path]:
    """The folders with objects: the repository's own and those that it borrows from."""
    folders: list[Path] = []
    waiting = [git.common / "objects"]
    while waiting:
        folder = Path(os.path.realpath(waiting.pop()))
        if folder in folders:
            continue
        folders.append(folder)
        try:
            lines = (folder / "info" / "alternates").read_bytes().splitlines()
        except FileNotFoundError:
            continue
        for line in lines:
            if line.startswith(b'"'):
                raise NotReadableError("a quoted path to borrow objects from")
            if line and not line.startswith(b"#"):
                waiting.append(folder / os.fsdecode(line))
    return folders


def _loose(folders: Iterable[Path], id_size: int) -> dict[bytes, Path]:
    """The files of loose objects, by their names in binary, in order."""
    found: dict[bytes, Path] = {}
    for folder in folders:
        for below in os.scandir(folder):
            if not _FOLDER.fullmatch(below.name):
                continue
            for file in os.scandir(below.path):
                name = below.name + file.name
                # Else a temporary of git.
                if len(name) == 2 * id_size and _NAME.fullmatch(name):
                    found.setdefault(bytes.fromhex(name), Path(file.path))
    return dict(sorted(found.items()))


def _inflated(file: Path) -> tuple[int, bytes | None]:
    """Kind and text of a loose object: `<kind> <size>`, a NUL and the text, compressed by zlib
    (gitformat-loose(5))."""
    with file.open("rb") as source:
        inflate = zlib.decompressobj()
        first = inflate.decompress(source.read(4096), _HEADER)
        header, _, start = first.partition(b"\0")
        word, size = header.split(b" ")
        if int(size) >= LARGE or word == b"tree":
            return KINDS[word], None
        # One byte more than there may be: so it ends, and a bomb is not unpacked.
        most = int(size) - len(start) + 1
        if most < 1:
            raise ValueError("a loose object is longer than it says")
        text = start + inflate.decompress(inflate.unconsumed_tail + source.read(), most)
    if len(text) != int(size) or not inflate.eof:
        raise ValueError("a loose object is cut off")
    return KINDS[word], text
