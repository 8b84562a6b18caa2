"""How one value is spelled in a language, so that the language reads back exactly that value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping


class NotSpelledError(ValueError):
    """The language cannot hold this value; the message says which part of it, not the value."""


_SURROGATE = re.compile("[\ud800-\udfff]")


def require_text(value: str) -> None:
    """Raises NotSpelledError for bytes that are no UTF-8 (which are lone surrogates here)."""
    if _SURROGATE.search(value):
        raise NotSpelledError("bytes that are no UTF-8")


def shell(value: str) -> str:
    """A word for every POSIX shell: nothing is special between single quotes
    (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02)."""
    return "'" + value.replace("'", "'\\''") + "'"


def json_string(value: str) -> str:
    """A string of JSON (RFC 8259, section 7), with its quotes."""
    require_text(value)
    return json.dumps(value, ensure_ascii=False)


# YAML 1.2, 5.1: what may stand in a stream as it is. Of the rest we also escape what some reader
# takes for a line end or a byte-order mark (YAML 1.1, 4.1.4: U+0085, U+2028, U+2029).
_YAML_SPECIAL = re.compile(
    '["\\\\]|[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]'
)


def yaml_string(value: str) -> str:
    """A double-quoted scalar of YAML on one line (YAML 1.2, 7.3.1), with its quotes."""
    return f'"{yaml_escaped(value)}"'


def yaml_escaped(value: str) -> str:
    """What stands between the quotes of yaml_string."""
    require_text(value)
    return _YAML_SPECIAL.sub(_yaml_escape, value)


def is_yaml_text(value: str) -> bool:
    """Whether a block scalar of YAML can hold this value, which has no escapes."""
    return all(c in '"\\\n\t' or not _YAML_SPECIAL.match(c) for c in value)


def _yaml_escape(match: re.Match[str]) -> str:
    character = match.group()
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


_SHORT: Mapping[str, str] = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

# TOML 1.0, "String": control characters but tab must be escaped in a basic string.
_TOML_SPECIAL = re.compile(r'["\\\x00-\x1f\x7f]')


def toml_escaped(value: str) -> str:
    """What stands between the quotes of a basic string of TOML (https://toml.io/en/v1.0.0#string),
    also of a multi-line one."""
    require_text(value)
    return _TOML_SPECIAL.sub(_toml_escape, value)


def _toml_escape(match: re.Match[str]) -> str:
    character = match.group()
    return _SHORT.get(character) or f"\\u{ord(character):04x}"


# XML 1.0, 2.2: the characters that a document may hold.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_XML_SPECIAL = re.compile("[&<>\"'\t\n\r]")


def xml_escaped(value: str) -> str:
    """Text for the content of an element or of an attribute (XML 1.0, 2.4 and 3.3.3: blanks of
    an attribute stay as they are only as references)."""
    require_text(value)
    if _NOT_XML.search(value):
        raise NotSpelledError("a control character, which XML has not")
    return _XML_SPECIAL.sub(lambda match: f"&#{ord(match.group())};", value)


# systemd.exec(5), EnvironmentFile=: in double quotes as in a POSIX shell, without variables.
_SYSTEMD_SPECIAL = re.compile(r'["\\`$]')
# The same: unicode noncharacters and the byte-order mark are no valid characters.
_NOT_SYSTEMD = re.compile(
    "[\ufdd0-\ufdef\ufeff"
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)


def systemd(value: str) -> str:
    """A value of systemd's EnvironmentFile, with its quotes
    (https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=)."""
    require_text(value)
    if _NOT_SYSTEMD.search(value):
        raise NotSpelledError("a character that systemd takes for none")
    return '"' + _SYSTEMD_SPECIAL.sub(r"\\\g<0>", value) + '"'
