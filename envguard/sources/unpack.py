"""The objects of a part of a pack: inflated, and put together where they are stored as changes.

The format: https://git-scm.com/docs/gitformat-pack ("Pack file entry", "Deltified
representation").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import pairwise

from deflate import DeflateError
from deflate import zlib_decompress as inflate  # twice as fast as zlib's
from dulwich.errors import ApplyDeltaError

from envguard.core.document import LARGE
from envguard.sources.deltas import TooLargeError, changed
from envguard.sources.packs import NotReadableError, Pack, Part
from envguard.sources.stored import BLOB, COMMIT, TAG, TREE, Stored

_BY_OFFSET, _BY_NAME = 6, 7  # stored as a change of another object

_KEPT = 64 << 20  # bytes of texts that are kept because others are changes of them
_HEADER = 64  # bytes that the header of an object takes at most, with the name of its base
_DEEPEST = 10_000  # changes of changes; git makes chains of 50, and 4095 at most

DAMAGE = (DeflateError, ApplyDeltaError, IndexError, NotReadableError)
"""What a damaged object ends in."""


class Unpacker:
    """Reads one part of a pack."""

    def __init__(self, pack: Pack, part: Part) -> None:
        """Raises NotReadableError where the pack is cut off."""
        self._pack = pack
        self._offsets = pack.offsets[part.first : part.last]
        self._start, self._end = self._offsets[0], pack.offsets[part.last]
        # What is longer ends in an object that is too large.
        self._bytes = pack.read(self._start, min(self._end, self._start + LARGE))
        self._kinds: dict[int, int] = {}  # of objects outside of the part, by offset
        self._outside: dict[int, bytes] = {}  # their texts
        self._outside_bytes = 0

    def objects(self, skip: Collection[int] = ()) -> Iterator[Stored]:
        """The blobs, commits and tags of the part in their order, without those at `skip`. Their
        places are their offsets in the pack.

        Raises what DAMAGE names where it cannot be said what the part holds.
        """
        entries = self._entries()
        bases = Counter(base for _, _, base, _, _, _ in entries if base)
        texts: dict[int, bytes] = {}  # those that others are changes of
        kept = 0
        window = memoryview(self._bytes)
        for offset, kind, base, at, end, size in entries:
            if offset in skip and offset not in bases:
                continue
            text: bytes | None = None
            try:
                if size < LARGE:
                    text = _inflated(window[at:end], size)
                if base and text is not None:
                    text = changed(texts[base] if base in texts else self._text(base), text)
            except (TooLargeError, *DAMAGE):
                text = None
            if base in bases:
                bases[base] -= 1
                if not bases[base]:
                    kept -= len(texts.pop(base, b""))
            if offset in bases and text is not None:
                if kept > _KEPT:
                    texts.clear()
                    kept = 0
                texts[offset] = text
                kept += len(text)
            if offset not in skip:
                yield Stored(offset, kind, text)

    def _entries(self) -> list[tuple[int, int, int, int, int, int]]:
        """Offset, kind, offset of the base (0: none), where the data begins and ends and its size
        in bytes when it is inflated, of each object of the part that is no tree. The kind of what
        is stored as a change is that of its base."""
        pack, window, start = self._pack, self._bytes, self._start
        kinds: dict[int, int] = {}
        entries = []
        for offset, end in pairwise([*self._offsets, self._end]):
            if (window[offset - start] >> 4) & 7 == TREE:
                kinds[offset] = TREE
                continue
            kind, base, at, size = _header(pack, window, offset - start, offset)
            if base:
                kind = kinds.get(base) or self._kind(base)
            kinds[offset] = kind
            if kind != TREE:
                entries.append((offset, kind, base, at, end - start, size))
        return entries

    def _kind(self, offset: int) -> int:
        """The kind of an object that is not before in this part."""
        passed: list[int] = []
        while offset not in self._kinds:
            passed.append(offset)
            header = self._pack.read(offset, min(self._pack.end, offset + _HEADER))
            kind, base, _, _ = _header(self._pack, header, 0, offset)
            if not base:
                self._kinds[offset] = kind
                break
            if len(passed) > _DEEPEST:
                raise NotReadableError(f"the changes at {offset} go round in a circle")
            offset = base
        kind = self._kinds[offset]
        self._kinds.update(dict.fromkeys(passed, kind))
        return kind

    def _text(self, offset: int) -> bytes:
        """The text of an object that is not in this part, or no longer kept. Raises
        TooLargeError, and what DAMAGE names."""
        chain: list[tuple[int, bytes]] = []
        while offset not in self._outside:
            base, data = self._data(offset)
            if not base:
                self._keep(offset, data)
                break
            chain.append((offset, data))
            if len(chain) > _DEEPEST:
                raise NotReadableError(f"the changes at {offset} go round in a circle")
            offset = base
        text = self._outside[offset]
        for later, change in reversed(chain):
            text = changed(text, change)
            self._keep(later, text)
        return text

    def _keep(self, offset: int, text: bytes) -> None:
        if self._outside_bytes > _KEPT:
            self._outside.clear()
            self._outside_bytes = 0
        self._outside[offset] = text
        self._outside_bytes += len(text)

    def _data(self, offset: int) -> tuple[int, bytes]:
        """Base (0: none) and inflated data of one object by itself."""
        end = self._pack.end_of(offset)
        header = self._pack.read(offset, min(end, offset + _HEADER))
        _, base, at, size = _header(self._pack, header, 0, offset)
        if size >= LARGE:
            raise TooLargeError
        return base, _inflated(self._pack.read(offset + at, end), size)


def _inflated(data: bytes | memoryview, size: int) -> bytes:
    """Inflated data of so many bytes. Raises NotReadableError where there are more or fewer."""
    # It ends where there is more than fits in, so that a crafted one takes no more memory.
    text = bytes(inflate(data, size or 1))
    if len(text) != size:
        raise NotReadableError("an object is not as long as it says")
    return text


def _header(pack: Pack, window: bytes, at: int, offset: int) -> tuple[int, int, int, int]:
    """Kind, offset of the base (0: none), place of the data and its size, for the object whose
    header stands at `at`. Raises NotReadableError and IndexError."""
    byte = window[at]
    kind, size, shift = (byte >> 4) & 7, byte & 15, 4
    while byte & 128:
        at += 1
        byte = window[at]
        size |= (byte & 127) << shift
        shift += 7
    at += 1
    if kind == _BY_OFFSET:
        byte = window[at]
        distance = byte & 127
        while byte & 128:
            at += 1
            byte = window[at]
            distance = ((distance + 1) << 7) | (byte & 127)
        if distance >= offset:
            raise NotReadableError(f"the object at {offset} is a change of nothing")
        return kind, offset - distance, at + 1, size
    if kind == _BY_NAME:
        name = window[at : at + pack.id_size]
        return kind, pack.find(name) or offset, at + pack.id_size, size
    if kind not in (COMMIT, TREE, BLOB, TAG):
        raise NotReadableError(f"the object at {offset} is of no kind")
    return kind, 0, at, size
