"""Reading a file that only its owner may read: a key."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from envguard.core.errors import BackendError


def read_private(path: Path, most: int) -> bytes:
    """At most so many bytes of the key file at `path`. Raises FileNotFoundError where there is
    none, and BackendError for a symbolic link, a file that others may read, and one that is no
    regular file."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if path.is_symlink():
        raise BackendError(
            f"the key file {path} is a symbolic link, and is not followed",
            f"put the key itself there: cp --remove-destination {os.path.realpath(path)} {path}",
        )
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BackendError(
            f"the key file {path} cannot be read: {error.strerror}", f"ls -l {path}"
        ) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise BackendError(f"the key file {path} is not a regular file", f"ls -ld {path}")
        if os.name == "posix" and found.st_mode & 0o077:
            raise BackendError(f"others may read the key file {path}", f"chmod 600 {path}")
        return os.read(descriptor, most)
    finally:
        os.close(descriptor)
