"""`docker run --env-file` (https://docs.docker.com/reference/cli/docker/container/run/#env): lines,
and nothing is special in a value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envguard.envfile.dialects.line import Line, Source, line


def read(source: Source) -> Iterator[Line]:
    """The variables of a file, in its order; a key alone stands for the caller's variable. Raises
    UsageError for a key with blanks."""
    at = 0
    for row in source.text.split("\n"):
        whole = row.removesuffix("\r")
        text = whole.lstrip()
        if text and not text.startswith("#"):
            key, equal, value = text.partition("=")
            if not key or re.search(r"\s", key):
                raise source.error(
                    at, "has no key without blanks", "write KEY=VALUE, without export"
                )
            if equal:
                end = at + len(whole)
                yield line(source, at, key, (value,), (end - len(value), end))
        at += len(row) + 1
