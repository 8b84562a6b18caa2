"""How files are written: whole or not at all, private where asked, never through a symlink."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from pathlib import Path

from envguard.core.errors import UsageError

TEMPORARY_PREFIX = ".env.envguard-"
"""How our temporaries begin; ignored by git before the first one exists (DESIGN.md section 8)."""


_TEMPORARY = re.compile(re.escape(TEMPORARY_PREFIX) + r"[0-9a-f]{8}")
_ABANDONED = 60.0
"""Seconds after which a temporary has lost its writer; it normally lives for milliseconds."""


def write_atomically(
    path: Path, content: bytes, *, mode: int | None = None, durable: bool = True
) -> None:
    """Replaces `path` by `content`, so that a crash leaves the old file or the new one. What is
    not `durable` may be cut off after a loss of power: for what can be told to be whole.

    An existing file keeps its mode and owner unless `mode` says otherwise; a new one gets
    `mode`, or 0600. Raises UsageError where `path` is a symlink or no regular file, OSError
    where the file system refuses; the old file is untouched then.
    """
    existing = _existing(path)
    temporary = path.with_name(TEMPORARY_PREFIX + os.urandom(4).hex())
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        # Nobody knows the name of our temporary.
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if existing is not None:
                if hasattr(os, "fchown") and os.geteuid() == 0:
                    os.fchown(file.fileno(), existing.st_uid, existing.st_gid)
                os.chmod(temporary, stat.S_IMODE(existing.st_mode) if mode is None else mode)
            elif mode is not None:
                os.chmod(temporary, mode)
            if durable:
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    if durable:
        sync_directory(path.parent)


def sweep(folder: Path) -> None:
    """Removes the temporaries that a crash left in a folder: those old enough to have lost their
    writer."""
    for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
        if _TEMPORARY.fullmatch(path.name):
            with contextlib.suppress(OSError):
                if time.time() - path.lstat().st_mtime > _ABANDONED:
                    path.unlink()


def sync_directory(path: Path) -> None:
    """Makes renames and new files in a directory survive a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def private_directory(path: Path) -> Path:
    """`path`, made with 0700 where it does not exist, so that it survives a loss of power with
    what is synced in it. An existing one is left as it is."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in reversed(missing):
        sync_directory(folder.parent)
    return path


def _existing(path: Path) -> os.stat_result | None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        raise UsageError(
            f"{path} is a symbolic link, and is not replaced",
            f"name the file that it points to: {os.path.realpath(path)}",
        )
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"{path} is not a regular file", "name a file")
    return found
