"""What is in a file of a work tree, which may be anything by the time that it is opened."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from envguard.core.document import LARGE, Document, Large
from envguard.core.finding import Coverage, Unseen
from envguard.sources.changes import OWN_REPOSITORY

SPECIAL = "not a regular file"
_LINK = "symbolic link"

PIECE = 1 << 20
"""Bytes that are read at once of what is large."""

File = tuple[str, str]
"""Where a file is, and how it is called."""

# Never through a link, never waiting for a writer; what the platform does not know is left out.
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_FLAGS = (
    os.O_RDONLY
    | _NO_FOLLOW
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def read(file: File, coverage: Coverage) -> Document | Large | None:
    """What is in a file; None with the reason in `coverage` where there is nothing to look at.

    Counts `files` and `bytes`; those of a Large as its pieces are taken.
    """
    place, name = file
    try:
        if not _NO_FOLLOW and os.path.islink(place):  # noqa: PTH114 - a Path for each file costs
            coverage.excluded.append(Unseen(name, _LINK))
            return None
        descriptor = os.open(place, _FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return None  # deleted, or not checked out (sparse)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):  # what O_NOFOLLOW says, by system
            coverage.excluded.append(Unseen(name, _LINK))
        elif os.path.isdir(place):  # noqa: PTH112 - as above; Windows opens no folders
            _leave_folder(place, name, coverage)
        elif error.errno in (errno.ENXIO, errno.EOPNOTSUPP):  # a socket
            coverage.excluded.append(Unseen(name, SPECIAL))
        else:
            coverage.skipped.append(Unseen(name, reason_of(error)))
        return None
    keep = False
    try:
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            _leave_folder(place, name, coverage)
            return None
        if not stat.S_ISREG(found.st_mode):
            coverage.excluded.append(Unseen(name, SPECIAL))
            return None
        if found.st_size >= LARGE:
            coverage.files += 1
            keep = True
            return Large(name, _pieces(descriptor, name, coverage))
        text = os.read(descriptor, found.st_size + 1)
        if len(text) != found.st_size:  # it is being written, or no file of a disk (/proc)
            while piece := os.read(descriptor, PIECE):
                text += piece
    except OSError as error:
        coverage.skipped.append(Unseen(name, reason_of(error)))
        return None
    finally:
        if not keep:
            os.close(descriptor)
    coverage.files += 1
    coverage.bytes += len(text)
    return Document(name, text)


def is_repository(folder: Path | str) -> bool:
    """Whether a folder is the top of a repository or of a linked work tree."""
    return os.path.lexists(f"{folder}/.git")


def reason_of(error: OSError) -> str:
    """What the system says, as the coverage tells it."""
    return (error.strerror or type(error).__name__).lower()


def _pieces(descriptor: int, name: str, coverage: Coverage) -> Iterator[bytes]:
    try:
        while piece := os.read(descriptor, PIECE):
            coverage.bytes += len(piece)
            yield piece
    except OSError as error:
        coverage.skipped.append(Unseen(name, reason_of(error)))
    finally:
        os.close(descriptor)


def _leave_folder(place: str, name: str, coverage: Coverage) -> None:
    """Notes what is no file but a repository; a tracked file that became a folder has its files
    listed by themselves."""
    try:
        is_alone = is_repository(place) or not os.listdir(place)  # noqa: PTH208 - as above
    except OSError as error:
        coverage.skipped.append(Unseen(name, reason_of(error)))
        return
    if is_alone:
        coverage.excluded.append(Unseen(name.rstrip("/"), OWN_REPOSITORY))
