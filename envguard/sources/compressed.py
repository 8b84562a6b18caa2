"""gzip, bzip2 and xz, unpacked as a stream in small steps."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from envguard.sources.archives import ArchiveError, Kind

_STEP = 1 << 20  # bytes that are unpacked at once
_MEMORY = 128 << 20  # bytes that xz may use: its largest preset takes 65 MiB to unpack


class _Format(NamedTuple):
    beginning: bytes
    unpacker: Callable[[], Any]


_FORMATS = {
    Kind.GZIP: _Format(b"\x1f\x8b", lambda: zlib.decompressobj(16 + zlib.MAX_WBITS)),
    Kind.BZIP2: _Format(b"BZh", bz2.BZ2Decompressor),
    Kind.XZ: _Format(b"\xfd7zXZ\x00", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _MEMORY)),
}


def read(kind: Kind, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What a stream unpacks to. Several streams one after the other are one; what follows them is
    left out, as the formats' own tools do. Raises ArchiveError."""
    beginning, make = _FORMATS[kind]
    unpacker: Any = None
    waiting = b""
    try:
        for piece in pieces:
            waiting += piece
            while True:
                if unpacker is None:
                    waiting = waiting.lstrip(b"\0")  # padding
                    if len(waiting) < len(beginning):
                        break
                    if not waiting.startswith(beginning):
                        return
                    unpacker = make()
                unpacked = unpacker.decompress(waiting, _STEP)
                # What zlib has not used; the others keep it themselves.
                waiting = getattr(unpacker, "unconsumed_tail", b"")
                if unpacked:
                    yield unpacked
                if unpacker.eof:
                    waiting, unpacker = unpacker.unused_data, None
                elif getattr(unpacker, "needs_input", not (waiting or unpacked)):
                    break
    except (zlib.error, OSError, lzma.LZMAError) as error:
        raise ArchiveError(f"it is damaged: {str(error).lower()}") from None
    if unpacker is not None:
        raise ArchiveError("it is damaged: it ends too early")
