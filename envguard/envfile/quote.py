"""How a value is spelled so that python-dotenv reads back exactly that value."""

from __future__ import annotations

import re
from enum import Enum

from envguard.envfile.interpolate import variables

# What every reader of .env files and every POSIX shell takes as it stands, unquoted:
# https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02
_PORTABLE = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")
# What ends or changes an unquoted value for python-dotenv, see parts.py.
_NOT_PLAIN = re.compile(r"[\r\n]|\s#|\A[\s#'\"]|\s\Z")
# In single quotes python-dotenv reads `\\` and `\'` only; any other backslash is itself.
_SINGLE_ESCAPED = re.compile(r"'|\\(?=[\\']|\Z)")
_DOUBLE_ESCAPED = re.compile(r'["\\]')
# UTF-8 has no surrogates, and no environment variable holds NUL.
_NOT_WRITABLE = re.compile("[\0\ud800-\udfff]")


class Style(Enum):
    """How a value stands in the file."""

    PLAIN = ""
    SINGLE = "'"
    DOUBLE = '"'


def style_of(spelling: str) -> Style:
    """The style of a value as it stands in a file."""
    return Style(spelling[:1]) if spelling[:1] in ("'", '"') else Style.PLAIN


def can_be_written(value: str) -> bool:
    """Whether python-dotenv can read this value back, interpolating or not.

    False for NUL, surrogates, and `${…}`: it is interpolated in every kind of quotes.
    """
    return can_be_spelled(value) and not variables(value)


def can_be_spelled(value: str) -> bool:
    """Whether a .env file can hold this value, before interpolation: no NUL, no surrogate."""
    return _NOT_WRITABLE.search(value) is None


def quote(value: str, *, protect: bool = False) -> str:
    """The shortest safe spelling of a value; without quotes only what every dialect takes so.

    `protect` also spells values with `${…}`, for readers that interpolate, and only for them:
    `${` is written `${:-$}{`, a variable without a name that has `$` for its default.
    Raises ValueError where can_be_written (with `protect`: can_be_spelled) says no.
    """
    if protect and variables(value):
        return shortest(value.replace("${", "${:-$}{"))
    if not can_be_written(value):
        raise ValueError("the value cannot be written so that python-dotenv reads it back")
    return shortest(value)


def shortest(value: str) -> str:
    """The shortest spelling that reads as `value` before interpolation. Raises ValueError."""
    if _PORTABLE.fullmatch(value):
        return value
    spellings = (spell(value, Style.SINGLE), spell(value, Style.DOUBLE))
    return min((text for text in spellings if text is not None), key=len)


def spell(value: str, style: Style) -> str | None:
    """The spelling in this style that reads as `value` before interpolation, None where there is
    none. Raises ValueError where can_be_spelled says no."""
    if not can_be_spelled(value):
        raise ValueError("no .env file can hold the value")
    if style is Style.DOUBLE:
        escaped = _DOUBLE_ESCAPED.sub(r"\\\g<0>", value).replace("\r", r"\r")
        return f'"{escaped}"'
    # A carriage return in a file is read as a line end: only double quotes can escape it.
    if "\r" in value:
        return None
    if style is Style.SINGLE:
        escaped = _SINGLE_ESCAPED.sub(r"\\\g<0>", value)
        return f"'{escaped}'"
    return None if _NOT_PLAIN.search(value) else value
