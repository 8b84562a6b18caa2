"""Lines of .gitattributes. Format: https://git-scm.com/docs/gitattributes."""

from __future__ import annotations

import os
import re
from pathlib import Path

from envguard.core.errors import UsageError
from envguard.core.files import write_atomically

FILE_NAME = ".gitattributes"


def pattern(path: str) -> str:
    """What means this path from the top, and no other. Quoted as in C where it must be."""
    plain = "/" + re.sub(r"([\\*?\[])", r"\\\1", path)
    if re.fullmatch(r"[!#-~]+", plain):
        return plain
    quoted = re.sub(r'(["\\])', r"\\\1", plain)
    return (
        '"' + re.sub(rb"[^ -~]", lambda c: b"\\%03o" % c[0][0], os.fsencode(quoted)).decode() + '"'
    )


def write(path: Path, line: str) -> bool:
    """Adds a line at the end of the file, making it (0644) where there is none; False: it stood
    there. Raises UsageError where the file cannot be read or is no regular file."""
    try:
        existing = path.read_bytes()
    except FileNotFoundError:
        existing = b""
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", f"ls -l {path}") from None
    if line.encode() in [old.strip() for old in existing.splitlines()]:
        return False
    end = b"\r\n" if existing.count(b"\r\n") * 2 > existing.count(b"\n") else b"\n"
    first = end if existing and not existing.endswith(b"\n") else b""
    content = existing + first + line.encode() + end
    write_atomically(path, content, mode=None if path.exists() else 0o644)
    return True
