"""zip, and what is a zip under another name: jar, whl, docx."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO

from envguard.sources.archives import ArchiveError, Budget, Member

_STEP = 1 << 20  # bytes that are unpacked at once
_ENCRYPTED = 0x1  # APPNOTE 4.4.4, general purpose bit 0

_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError)


def read(content: bytes, budget: Budget, skip: Callable[[str, str], None]) -> Iterator[Member]:
    """The files in a zip; what cannot be read is told to `skip`, with the reason. Raises
    ArchiveError."""
    try:
        archive = zipfile.ZipFile(BytesIO(content))
    except (*_DAMAGE, NotImplementedError) as error:
        raise ArchiveError(f"it is damaged: {str(error).lower()}") from None
    for info in archive.infolist():
        if info.is_dir():
            continue
        budget.member()
        if info.flag_bits & _ENCRYPTED:
            skip(info.filename, "it is encrypted")
            continue
        unpacked = _unpacked(archive, info, skip)
        yield Member(info.filename, budget.unpack(unpacked))


def _unpacked(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, skip: Callable[[str, str], None]
) -> Iterator[bytes]:
    try:
        with archive.open(info) as member:
            while piece := member.read(_STEP):
                yield piece
    except NotImplementedError as error:
        skip(info.filename, f"it cannot be unpacked: {str(error).lower()}")
    except (*_DAMAGE, RuntimeError) as error:
        skip(info.filename, f"it is damaged: {str(error).lower()}")
