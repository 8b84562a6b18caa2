"""The regions of YAML templates: scalars. The tokens are those of YAML 1.2, chapters 6 to 8
(https://yaml.org/spec/1.2.2/)."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from functools import partial

from envguard.formats.spell import NotSpelledError, is_yaml_text, yaml_escaped
from envguard.formats.template import PLACEHOLDER, Kind, Region, refuse

_DOUBLE = Kind(yaml_escaped, opening='"', closing='"')
# What cannot hold every value becomes a double-quoted scalar; so a value stays a text, whatever
# it looks like.
_PLAIN = Kind(yaml_escaped, yaml_escaped, '"', '"')
_SINGLE = Kind(yaml_escaped, lambda raw: yaml_escaped(raw.replace("''", "'")), '"', '"')

_SPACES = re.compile(r" *")
_PLACEHOLDER = re.compile(PLACEHOLDER)
_COMMENT = re.compile(r"#[^\n]*")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'", re.DOTALL)
_BLOCK = re.compile(r"[|>][-+0-9]*[ \t]*(?:#[^\n]*)?\r?\n")
_PROPERTY = re.compile(r"[&!][^\s,\[\]{}]*[ \t]+")
_INDICATOR = re.compile(r"[-?:](?=[ \t\r\n])")
# A plain scalar ends before ` #`, before `: `, and in a flow collection before its indicators.
_PLAIN_TEXT = re.compile(
    rf"(?:{PLACEHOLDER}|(?!:(?:[ \t\r\n]|\Z))(?![ \t]+(?:\#|\r?$))[^\r\n])+", re.M
)
_FLOW_TEXT = re.compile(
    rf"(?:{PLACEHOLDER}|(?!:(?:[ \t\r\n,\]}}]|\Z))(?![ \t]+(?:[#,\]}}]|\r?$))[^\r\n,\[\]{{}}])+",
    re.M,
)


def scan_yaml(text: str) -> Iterator[Region]:
    """Scalars of every style. A value is always a text: quotes are added where it needs them."""
    at = depth = 0
    while at < len(text):
        at = _skip(text, at)
        if at >= len(text):
            return
        if text[at] == "#" and (at == 0 or text[at - 1] in " \t\r\n"):
            end = _end(_COMMENT, text, at)
            yield Region(at, end, None)
        elif text[at] in "\"'":
            end = _end(_QUOTED, text, at)
            yield _quoted(text, at, end)
        elif text[at] in "[{" and not _end(_PLACEHOLDER, text, at):
            depth, end = depth + 1, at + 1
        elif text[at] in "]}," and depth:
            depth, end = depth - (text[at] != ","), at + 1
        elif _end(_INDICATOR, text, at):
            end = at + 1
        elif _end(_PROPERTY, text, at):
            end = _end(_PROPERTY, text, at)
        elif not depth and _end(_BLOCK, text, at):
            first = _end(_BLOCK, text, at)
            end = yield from _block(text, at, first)
        else:
            end = _end(_FLOW_TEXT if depth else _PLAIN_TEXT, text, at)
            if end:
                yield Region(at, end, _PLAIN, content=text[at:end])
        at = max(end, at + 1)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where a match that begins here ends; 0 where there is none."""
    found = pattern.match(text, at)
    return found.end() if found else 0


def _quoted(text: str, start: int, end: int) -> Region:
    if not end:  # never closed
        return Region(start, len(text), Kind(refuse))
    body = text[start + 1 : end - 1]
    if text[start] == '"':
        content = None if "\\" in body else body
        return Region(start, end, _DOUBLE, start + 1, end - 1, content)
    # Line ends in a quoted scalar are folded, and would not be in the other quotes.
    kind = Kind(refuse) if "\n" in body else _SINGLE
    return Region(start, end, kind, start + 1, end - 1, body)


def _block(text: str, start: int, first: int) -> Generator[Region, None, int]:
    """The lines of a block scalar, which its first line indents; returns where they end."""
    parent = _indent(text, text.rfind("\n", 0, start) + 1)
    end, indent = first, parent + 1
    while end < len(text):
        stop = text.find("\n", end) + 1 or len(text)
        if text[end:stop].strip():
            own = _indent(text, end)
            if own < indent:
                break
            if indent == parent + 1:
                indent = own
        end = stop
    # Line ends in a folded scalar are not kept.
    kind = Kind(refuse) if text[start] == ">" else Kind(partial(_in_block, " " * indent))
    yield Region(first, end, kind)
    return end


def _indent(text: str, line: int) -> int:
    return _end(_SPACES, text, line) - line


def _in_block(indent: str, value: str) -> str:
    if not is_yaml_text(value):
        raise NotSpelledError("a character that needs an escape")
    # The first blanks would count as indentation.
    if value[:1] in (" ", "\t", "\n"):
        raise NotSpelledError("blanks at its begin")
    return value.replace("\n", f"\n{indent}")
