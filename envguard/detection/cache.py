"""Private files of this user's own cache: read only when they are this user's alone and whole.

What is kept here is loaded as machine code would be (a compiled automaton), so a file that
somebody else could have written, or that is damaged, is passed over. Each file holds a digest of
its own name and content: one of the user's files under the name of another does not pass.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from envguard.core.digest import DIGEST_SIZE, digest
from envguard.core.errors import EnvguardError
from envguard.core.files import private_directory, write_atomically


def read(file: Path) -> bytes | None:
    """What `write` put there; None where there is nothing, or nothing that can be trusted."""
    try:
        if not _is_private(file.parent.stat()):
            return None
        with file.open("rb") as opened:
            if not _is_private(os.fstat(opened.fileno())):
                return None
            content = opened.read()
    except OSError:
        return None
    expected, payload = content[:DIGEST_SIZE], content[DIGEST_SIZE:]
    return payload if _digest(file, payload) == expected else None


def write(file: Path, payload: bytes) -> None:
    """Keeps `payload` (0600, in a 0700 folder). Where that fails, the next start is slower.

    A folder of this user that others may enter, as some `mkdir` before us made it, is closed to
    them; into a folder of somebody else nothing is written.
    """
    with contextlib.suppress(OSError, EnvguardError):
        folder = private_directory(file.parent)
        found = folder.stat()
        if not _is_own(found):
            return
        if not _is_private(found):
            folder.chmod(0o700)
        write_atomically(file, _digest(file, payload) + payload, mode=0o600, durable=False)


def clear(folder: Path) -> tuple[int, int]:
    """Removes what was kept in a folder; how many files, and their bytes. Raises OSError."""
    count = size = 0
    for file in sorted(folder.glob("*.bin")):
        size += file.stat().st_size
        file.unlink()
        count += 1
    return count, size


def _digest(file: Path, payload: bytes) -> bytes:
    return digest(os.fsencode(file.name), payload)


def _is_private(found: os.stat_result) -> bool:
    return _is_own(found) and (os.name == "nt" or not stat.S_IMODE(found.st_mode) & 0o077)


def _is_own(found: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
