"""What `[secrets.KEY]` of the configuration expects of a value, before a program gets it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from envguard.core.naming import is_name

TYPES = ("boolean", "email", "enum", "integer", "port", "regex", "url")


class Expected(NamedTuple):
    """`[secrets.KEY]`. `type` is one of TYPES or empty; `values` are those of an enum, `pattern`
    is the regular expression that the whole value matches. `rotate_every` is a period, `90d`.
    `name` is where a service keeps it, under the prefix: `NAME` or `NAME#FIELD`."""

    required: bool = False
    type: str = ""
    values: tuple[str, ...] = ()
    pattern: str = ""
    rotate_every: str = ""
    name: str = ""


KEYS = Expected._fields
"""What can stand in a `[secrets.KEY]`."""


def expected(table: Mapping[str, Any]) -> Expected:
    """What a table says, whose keys are all in KEYS. Raises ValueError with the key that is
    wrong, and what is wrong with it."""
    required = table.get("required", False)
    kind = table.get("type", "")
    values = table.get("values", [])
    pattern = table.get("pattern", "")
    if not isinstance(required, bool):
        raise ValueError("required", "is true or false")
    if kind not in ("", *TYPES):
        raise ValueError("type", f"is one of {', '.join(TYPES)}")
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError("values", "is a list of texts")
    if bool(values) != (kind == "enum"):
        raise ValueError("values", 'are the texts of type = "enum", which needs them')
    if not isinstance(pattern, str) or bool(pattern) != (kind == "regex"):
        raise ValueError("pattern", 'is the text of type = "regex", which needs it')
    if pattern:
        import re  # noqa: PLC0415 - only where there is a pattern

        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError("pattern", f"is no regular expression: {error}") from None
    rotate_every = table.get("rotate_every", "")
    if not isinstance(rotate_every, str):
        raise ValueError("rotate_every", 'is a period, "90d"')
    if rotate_every:
        from envguard.core.dates import period  # noqa: PLC0415 - only where there is one
        from envguard.core.errors import UsageError  # noqa: PLC0415 - the same

        try:
            period(rotate_every)
        except UsageError:
            raise ValueError("rotate_every", 'is a period, "90d"') from None
    name = table.get("name", "")
    if not isinstance(name, str) or ("name" in table and not is_name(name)):
        raise ValueError("name", 'is a name under the prefix, such as "database#password"')
    return Expected(required, kind, tuple(values), pattern, rotate_every, name)
