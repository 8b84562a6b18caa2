"""A lock that processes of one machine take in turn, by a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from envguard.core.files import private_directory

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextmanager
def locked(lock: Path) -> Iterator[None]:
    """Holds the lock that everybody takes who names the same file; waits for it. The system gives
    it back when the process ends."""
    descriptor = os.open(private_directory(lock.parent) / lock.name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
