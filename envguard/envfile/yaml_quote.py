"""How a value is spelled in YAML so that every reader takes it as that text."""

from __future__ import annotations

import re

# Plain in block and flow style, and a text by the rules of YAML 1.1 and 1.2:
# https://yaml.org/spec/1.2.2/#733-plain-style. It begins with a letter, so it is no number.
_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_./@+=-]|[:#](?=[A-Za-z0-9_/]))*")
# https://yaml.org/type/bool.html and null.html; go-yaml and PyYAML differ in what they keep.
_WORD = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null|nan|inf")
# https://yaml.org/spec/1.2.2/#1032-tag-resolution
_NUMBER = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|0o[0-7]+")
# A number, date or boolean may be written anew in another way; these are themselves everywhere.
_SAME = re.compile(r"0|-?[1-9][0-9]{0,14}|true|false")


def spell(value: str, style: str) -> str:
    """The spelling of a value; the style of quotes that stood there stays where it can."""
    if style == '"' or not value.isprintable() or "\ufeff" in value:
        return '"' + "".join(map(_escaped, value)) + '"'
    if style != "'" and _PLAIN.fullmatch(value) and not _WORD.fullmatch(value):
        return value
    return "'" + value.replace("'", "''") + "'"


def is_same(text: str, kind: str) -> bool:
    """Whether a plain scalar, which YAML 1.1 takes for `kind`, is this text for every program;
    a number, a date, or yes may not be. YAML 1.2 knows more numbers."""
    if kind == "str" and not _NUMBER.fullmatch(text):
        return True
    return _SAME.fullmatch(text) is not None


def _escaped(character: str) -> str:
    """https://yaml.org/spec/1.2.2/#57-escaped-characters"""
    if character in '"\\':
        return "\\" + character
    if character.isprintable() and character != "\ufeff":
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
