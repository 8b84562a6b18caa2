"""References: the text that stands in a file in place of a value, and what it means."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

PROFILE_BACKEND = "secret"
"""The scheme that means the profile's own backend."""

LOCAL_SCHEMES = ("env", "file", "literal")
"""Schemes that need no backend: a variable, a file's text, the text itself."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):")
# NAME[#FIELD][@VERSION]; a name holds no blank, `#` or `@`, so that each part ends where it looks.
_NAME = re.compile(r"(?P<name>[^\s#@]+)(?:#(?P<field>[^\s#@]+))?(?:@(?P<version>[^\s#@]+))?")


class Reference(NamedTuple):
    """Where a value lives. `backend` is `secret`, an alias of `[backends.ALIAS]`, or a scheme of
    LOCAL_SCHEMES; for those `name` is the variable, the path or the text."""

    backend: str
    name: str
    field: str | None = None
    version: str | None = None

    def __str__(self) -> str:
        text = f"{self.backend}:{self.name}"
        if self.field is not None:
            text += f"#{self.field}"
        if self.version is not None:
            text += f"@{self.version}"
        return text


def parse_reference(text: str, aliases: Collection[str] = ()) -> Reference | None:
    """The reference that a value is, or None where the text is just itself.

    `aliases` are the names of the declared backends. A text that begins like a reference but
    does not hold a well-formed name (`secret:`, `secret:two words`) is no reference.
    """
    scheme = _SCHEME.match(text)
    if scheme is None:
        return None
    backend, rest = scheme.group(1), text[scheme.end() :]
    if backend in LOCAL_SCHEMES:
        return Reference(backend, rest) if rest or backend == "literal" else None
    if backend != PROFILE_BACKEND and backend not in aliases:
        return None
    name = _NAME.fullmatch(rest)
    if name is None:
        return None
    return Reference(backend, name["name"], name["field"], name["version"])
