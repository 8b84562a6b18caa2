"""Which reader a dialect has, and what of a file's bytes it gets. Nothing in a file is ever run."""

from __future__ import annotations

from collections.abc import Iterable

from envguard.core.errors import UsageError
from envguard.core.text import printable
from envguard.envfile.dialects import bash, docker, lines, node_native
from envguard.envfile.dialects.line import Line, Source

_MARK = "\ufeff"
# What is no UTF-8: a replacement character here, an error there, and kept by the others.
_DECODING = {
    "node": "replace",
    "node-native": "replace",
    "dotenvx": "replace",
    "ruby": "strict",
    "docker": "strict",
    "go": "surrogateescape",
    "compose": "surrogateescape",
    "bash": "surrogateescape",
}
DIALECTS = tuple(_DECODING)
"""Those that are read here; `python` is python-dotenv itself (document.py)."""


def read(content: bytes, path: str, dialect: str) -> Iterable[Line]:
    """The variables of a file in a dialect, in the order of the file. Raises UsageError."""
    try:
        text = content.decode("utf-8", _DECODING[dialect])
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{printable(path)}:{number} is not UTF-8", "convert it to UTF-8"
        ) from None
    match dialect:
        case "bash":
            # bash leaves NULs out of what it reads.
            return bash.read(Source(path, text.replace("\0", "")))
        case "docker":
            return docker.read(Source(path, text.removeprefix(_MARK)))
        case "node-native":
            return node_native.read(Source(path, text.replace("\r", "")))
    if dialect == "go" and text.startswith(_MARK):
        raise UsageError(f"{printable(path)}:1 begins with a byte-order mark", "remove it")
    text = text.removeprefix(_MARK).replace("\r\n", "\n")
    # Of a lone carriage return compose makes no line.
    return lines.read(
        Source(path, text if dialect == "compose" else text.replace("\r", "\n")), dialect
    )
