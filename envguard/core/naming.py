"""How the keys of programs are called in a backend: `[backends.ALIAS]` and `[secrets.KEY] name`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

CASES = ("keep", "lower", "kebab")
"""`OPENAI_API_KEY` as it is, as `openai_api_key`, or as `openai-api-key`."""

_NOTHING: Mapping[str, str] = MappingProxyType({})
_SEGMENT = r"(?!\.{1,2}(?:[/#]|\Z))[^\s#@/]+"
_PATH = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_NAME = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*(?:#[^\s#@]+)?")


class Naming(NamedTuple):
    """`case` is one of CASES. `groups` names for each JSON secret under the prefix the keys that
    are its fields, as globs; `names` gives a key a place of its own, `NAME` or `NAME#FIELD` under
    the prefix, and wins."""

    case: str = "keep"
    groups: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    names: Mapping[str, str] = _NOTHING

    def cased(self, key: str) -> str:
        """A key as this naming writes it."""
        if self.case == "keep":
            return key
        lower = key.lower()
        return lower.replace("_", "-").replace(".", "-") if self.case == "kebab" else lower


def is_path(text: str) -> bool:
    """Whether a text can be a name under a prefix: segments over `/`, none empty, `.` or `..`."""
    return _PATH.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether a text can be a `name`: a path, and a field where one is wanted."""
    return _NAME.fullmatch(text) is not None
