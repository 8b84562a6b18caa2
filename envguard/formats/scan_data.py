"""The regions of JSON, TOML and XML templates, and of plain ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from envguard.formats.spell import (
    NotSpelledError,
    json_string,
    require_text,
    toml_escaped,
    xml_escaped,
)
from envguard.formats.template import PLACEHOLDER, Kind, Region

# RFC 8259, sections 6 and 7.
_JSON_SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")
_JSON_TOKEN = re.compile(rf'"(?:[^"\\]|\\.)*"|{PLACEHOLDER}', re.DOTALL)


def _json_bare(value: str) -> str:
    return value if _JSON_SCALAR.fullmatch(value) else json_string(value)


_JSON = Kind(lambda value: json_string(value)[1:-1], opening='"', closing='"')
_JSON_BARE = Kind(_json_bare)


def scan_json(text: str) -> Iterator[Region]:
    """Strings; and placeholders outside them, where a number, a boolean or null stays one."""
    for token in _JSON_TOKEN.finditer(text):
        start, end = token.span()
        if not token.group().startswith('"'):
            yield Region(start, end, _JSON_BARE)
            continue
        try:
            content = json.loads(token.group())
        except ValueError:
            content = None
        yield Region(start, end, _JSON, start + 1, end - 1, content)


# https://toml.io/en/v1.0.0: comments, the four kinds of strings, numbers and booleans.
_TOML_TOKEN = re.compile(
    r"(?P<comment>\#[^\n]*)"
    r'|(?P<basics>"""(?:[^"\\]|\\.|"(?!""))*"{3,5})'
    r"|(?P<literals>'''(?:[^']|'(?!''))*'{3,5})"
    r'|(?P<basic>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<literal>'[^'\n]*')"
    rf"|(?P<bare>{PLACEHOLDER})",
    re.DOTALL,
)
_TOML_SCALAR = re.compile(
    r"[+-]?(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?|true|false"
)


def _toml_bare(value: str) -> str:
    return value if _TOML_SCALAR.fullmatch(value) else f'"{toml_escaped(value)}"'


def _toml_lines(static: str) -> str:
    return "".join(
        part if part in ("\n", "\r\n") else toml_escaped(part)
        for part in re.split(r"(\r?\n)", static)
    )


_TOML_KINDS = {
    "basics": (3, Kind(toml_escaped, opening='"""', closing='"""')),
    # What is literal cannot hold every value: it becomes a basic string.
    "literals": (3, Kind(toml_escaped, _toml_lines, '"""', '"""')),
    "basic": (1, Kind(toml_escaped, opening='"', closing='"')),
    "literal": (1, Kind(toml_escaped, toml_escaped, '"', '"')),
    "bare": (0, Kind(_toml_bare)),
}


def scan_toml(text: str) -> Iterator[Region]:
    """Strings; and placeholders outside them, where a number or a boolean stays one."""
    for token in _TOML_TOKEN.finditer(text):
        start, end = token.span()
        if token.lastgroup == "comment":
            yield Region(start, end, None)
            continue
        quotes, kind = _TOML_KINDS[str(token.lastgroup)]
        body = text[start + quotes : end - quotes]
        content = body if quotes and "\\" not in body else None
        yield Region(start, end, kind, start + quotes, end - quotes, content)


def _cdata(value: str) -> str:
    xml_escaped(value)  # refuses what no XML can hold
    if "\r" in value:
        raise NotSpelledError("a carriage return")
    return value.replace("]]>", "]]]]><![CDATA[>")


_XML = Kind(xml_escaped)
_CDATA = Kind(_cdata)
# XML 1.0, productions 15, 16, 18, 28 and 40.
_XML_TOKEN = re.compile(
    r"(?P<comment><!--.*?-->|<\?.*?\?>|<!DOCTYPE(?:\[.*?\]|[^>])*>)"
    r"|<!\[CDATA\[(?P<cdata>.*?)\]\]>"
    r"|(?P<tag><(?:[^\"'>]|\"[^\"]*\"|'[^']*')*>)"
    r"|(?P<text>[^<]+)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"\"([^\"]*)\"|'([^']*)'")


def scan_xml(text: str) -> Iterator[Region]:
    """Texts between tags, CDATA sections, and the values of attributes."""
    for token in _XML_TOKEN.finditer(text):
        start, end = token.span()
        match token.lastgroup:
            case "comment":
                yield Region(start, end, None)
            case "cdata":
                yield Region(*token.span("cdata"), _CDATA, content=token["cdata"])
            case "text":
                body = token.group()
                # A whole reference keeps the blanks around it.
                first = start + len(body) - len(body.lstrip())
                last = end - len(body) + len(body.rstrip())
                if first < last:
                    yield Region(first, last, _XML, content=text[first:last])
            case _:
                for value in _ATTRIBUTE.finditer(text, start, end):
                    group = 1 if value[1] is not None else 2
                    yield Region(*value.span(group), _XML, content=value[group])


def _plain(value: str) -> str:
    require_text(value)
    return value


# `KEY=REFERENCE`, `key: REFERENCE`, with quotes or without, or a line that is nothing else.
_PLAIN_WHOLE = re.compile(
    r"(?m)^(?![ \t]*(?:\#|;|//))(?:[^\n=:]*[=:][ \t]*|[ \t]*)(?P<quote>[\"']?)"
    r"(?P<whole>[A-Za-z][A-Za-z0-9_-]*:[^\s\"';]+)(?P=quote)[ \t]*;?[ \t]*\r?$"
)


def scan_plain(text: str) -> Iterator[Region]:
    """Everything, as it is."""
    end = 0
    kind = Kind(_plain)
    for token in _PLAIN_WHOLE.finditer(text):
        first, last = token.span("whole")
        yield Region(end, first, kind)
        yield Region(first, last, kind, content=token["whole"])
        end = last
    yield Region(end, len(text), kind)
