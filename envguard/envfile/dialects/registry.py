"""Which reader a dialect has, and what of a file's bytes it gets. Nothing in a file is ever run."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

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
_LINES = r"\A\ufeff|\r(?=\n)"
# The characters that a program passes over wherever they stand: a mark, line ends of Windows,
# and for bash NULs.
_DROPPED = {"bash": "\0", "docker": r"\A\ufeff", "node-native": r"\r", "go": r"\r(?=\n)"}
_LONE = ("node", "dotenvx", "ruby", "go")
DIALECTS = tuple(_DECODING)
"""Those that are read here; `python` is python-dotenv itself (document.py)."""


def read(content: bytes, path: str, dialect: str) -> Iterator[Line]:
    """The variables of a file in a dialect, in the order of the file. Raises UsageError."""
    try:
        text = content.decode("utf-8", _DECODING[dialect])
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{printable(path)}:{number} is not UTF-8", "convert it to UTF-8"
        ) from None
    yield from _read(_normal(text, dialect), path, dialect)


def placed(text: str, path: str, dialect: str) -> Iterator[Line]:
    """The same for a text with its byte-order mark, with the places of keys and values in it."""
    dropped = [found.start() for found in re.finditer(_DROPPED.get(dialect, _LINES), text)]
    # Where in the normal text each dropped character would stand.
    gaps = [place - number for number, place in enumerate(dropped)]
    for line in _read(_normal(text, dialect), path, dialect):
        span = line.span
        if span is not None:
            # The `\r` before a line end is not the value's.
            span = (span[0] + bisect_right(gaps, span[0]), span[1] + bisect_left(gaps, span[1]))
            span = (min(span), span[1])
        yield line._replace(start=line.start + bisect_right(gaps, line.start), span=span)


def _normal(text: str, dialect: str) -> str:
    """What the dialect's program looks at."""
    found = re.sub(_DROPPED.get(dialect, _LINES), "", text)
    # Of a lone carriage return compose makes no line.
    return found.replace("\r", "\n") if dialect in _LONE else found


def _read(text: str, path: str, dialect: str) -> Iterator[Line]:
    source = Source(path, text)
    if dialect == "go" and text.startswith(_MARK):
        raise UsageError(f"{printable(path)}:1 begins with a byte-order mark", "remove it")
    match dialect:
        case "bash":
            return bash.read(source)
        case "docker":
            return docker.read(source)
        case "node-native":
            return node_native.read(source)
    return lines.read(source, dialect)
