"""The packs and loose objects of a repository and of those that it borrows from, in tasks."""

from __future__ import annotations

import contextlib
import os
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from envguard.core.document import LARGE
from envguard.sources.deltas import IS_FAST
from envguard.sources.git import Git
from envguard.sources.known import Known, KnownPack
from envguard.sources.listed import Listed
from envguard.sources.packs import NotReadableError, Pack, Part
from envguard.sources.stored import At, Store, Stored, pieces
from envguard.sources.unpack import BLOB, COMMIT, DAMAGE, TAG, TREE, Unpacker

PART = 2 << 20
"""Bytes of a pack that are one task: some thousand objects."""

_LOOSE_FILES = 2000  # that are one task
_ASKED = 500  # objects in which something was found, that are one task
_ELSEWHERE = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")
_INDEXES = "pack/*.idx"  # git reads packs of every name, such as prefetch-*
_FOLDER = re.compile("[0-9a-f]{2}")
_NAME = re.compile("[0-9a-f]+")
_KINDS = {b"commit": COMMIT, b"blob": BLOB, b"tag": TAG, b"tree": TREE}
_HEADER = 64  # bytes of a loose object, inflated, that hold its kind and size


def open_store(git: Git, known: Known | None = None) -> Store:
    """The object store of a repository, in the fastest way that can read it; what is `known` is
    left out, as far as that way can tell. Raises GitError."""
    with contextlib.suppress(NotReadableError, OSError):
        return ObjectFiles(git, known)
    return Listed(git)  # not while an exception holds the open packs


class _PackPart(NamedTuple):
    """A task: a part of a pack, without the objects at `skip`."""

    pack: Pack
    part: Part
    skip: Collection[int]

    def read(self) -> Iterator[Stored]:
        try:
            for found in Unpacker(self.pack, self.part).objects(self.skip):
                yield Stored(*found)
        except DAMAGE:
            # Nothing has been given yet: what the part holds is not known.
            for offset in self.pack.offsets[self.part.first : self.part.last]:
                yield Stored(offset, 0, None)


class _Loose(NamedTuple):
    """A task: files of loose objects; places count them."""

    files: Sequence[Path]

    def read(self) -> Iterator[Stored]:
        for place, file in enumerate(self.files):
            kind, text = 0, None
            with contextlib.suppress(OSError, ValueError, KeyError, zlib.error):
                kind, text = _inflated(file)
            if kind != TREE:
                yield Stored(place, kind, text)

    def name(self, place: int) -> str:
        return _loose_name(self.files[place])


class _Named(NamedTuple):
    """A task: objects that git is asked for, those of kind 0 later; places count them."""

    git: Git
    objects: Sequence[tuple[str, int]]

    def read(self) -> Iterator[Stored]:
        places: dict[str, int] = {}
        for place, (name, kind) in enumerate(self.objects):
            if kind:
                places[name] = place
            else:
                yield Stored(place, kind, None)
        with closing(self.git.contents(places)) as found:
            for name, text in found:
                place = places[name]
                yield Stored(place, self.objects[place][1], text)

    def name(self, place: int) -> str:
        return self.objects[place][0]


class ObjectFiles:
    """The packs and loose objects of a repository and of its alternates, read in process."""

    def __init__(self, git: Git, known: Known | None = None) -> None:
        """Raises NotReadableError where there is something that only git can read."""
        if not IS_FAST or not hasattr(os, "pread"):
            raise NotReadableError("dulwich has no compiled part here")
        if git.partial or any(name in git.environment for name in _ELSEWHERE):
            raise NotReadableError("objects may be missing here, or elsewhere")
        id_size = len(git.null_id) // 2
        folders = _folders(git)
        seen = known.packs if known is not None else {}
        files = [file for folder in folders for file in folder.glob(_INDEXES)]
        # A copy of a repository may borrow from it: the same pack twice.
        packs = [
            *{pack.checksum: pack for pack in (Pack(file, id_size) for file in files)}.values()
        ]
        # Each object once: where two packs have it, a known one gives it, or else the larger.
        packs.sort(key=lambda pack: (pack.checksum not in seen, -pack.count))
        self.packs = packs
        self.known = {pack: seen[pack.checksum] for pack in packs if pack.checksum in seen}
        self._tasks: list[_PackPart | _Loose | _Named] = []
        held = dict.fromkeys(one for known_pack in self.known.values() for one in known_pack.held)
        self._tasks += [_Named(git, piece) for piece in pieces([*held], _ASKED)]
        for number, pack in enumerate(packs):
            if pack not in self.known:
                skip = _duplicates(pack, packs[:number])
                self._tasks += [_PackPart(pack, part, skip) for part in pack.parts(PART)]
        new = [
            file
            for name, file in _loose(folders, id_size).items()
            if all(pack.find(name) is None for pack in packs)
        ]
        self._tasks += [_Loose(files) for files in pieces(new, _LOOSE_FILES)]
        self.missing: Sequence[str] = ()

    @property
    def tasks(self) -> int:
        """How many tasks there are."""
        return len(self._tasks)

    @property
    def known_packs(self) -> Sequence[KnownPack]:
        """The packs of which only what holds something is read."""
        return [*self.known.values()]

    def read(self, task: int) -> Iterator[Stored]:
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

    def is_known(self, task: int) -> bool:
        """Whether a task reads what is in a known pack."""
        return isinstance(self._tasks[task], _Named)

    def pack_of(self, task: int) -> bytes | None:
        """The checksum of the pack that a task reads a part of; None for other tasks."""
        found = self._tasks[task]
        return found.pack.checksum if isinstance(found, _PackPart) else None


def _folders(git: Git) -> list[Path]:
    """The folders with objects: the repository's own and those that it borrows from."""
    own = os.fsdecode(git.run("rev-parse", "--git-path", "objects")).removesuffix("\n")
    folders: list[Path] = []
    waiting = [git.top / own]
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


def _duplicates(pack: Pack, others: Sequence[Pack]) -> frozenset[int]:
    """The offsets of the objects of a pack that one of the others has as well."""
    if not others:
        return frozenset()
    return frozenset(
        offset
        for offset, name in pack.names().items()
        if any(other.find(name) is not None for other in others)
    )


def _loose(folders: Iterable[Path], id_size: int) -> dict[bytes, Path]:
    """The files of loose objects, by their ids."""
    found: dict[bytes, Path] = {}
    for folder in folders:
        for below in folder.iterdir():
            if not _FOLDER.fullmatch(below.name):
                continue
            for file in below.iterdir():
                name = _loose_name(file)
                # Else a temporary of git.
                if len(name) == 2 * id_size and _NAME.fullmatch(name):
                    found.setdefault(bytes.fromhex(name), file)
    return dict(sorted(found.items()))


def _loose_name(file: Path) -> str:
    return file.parent.name + file.name


def _inflated(file: Path) -> tuple[int, bytes | None]:
    """Kind and text of a loose object: `<kind> <size>`, a NUL and the text, compressed by zlib
    (gitformat-loose(5))."""
    with file.open("rb") as source:
        inflate = zlib.decompressobj()
        first = inflate.decompress(source.read(4096), _HEADER)
        header, _, start = first.partition(b"\0")
        word, size = header.split(b" ")
        if int(size) >= LARGE or word == b"tree":
            return _KINDS[word], None
        # One byte more than there may be: so it ends, and a bomb is not unpacked.
        most = int(size) - len(start) + 1
        if most < 1:
            raise ValueError("a loose object is longer than it says")
        text = start + inflate.decompress(inflate.unconsumed_tail + source.read(), most)
    if len(text) != int(size) or not inflate.eof:
        raise ValueError("a loose object is cut off")
    return _KINDS[word], text
