"""The regions of shell templates: quotes, words and here-documents, by the token recognition of
POSIX (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_03)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from envguard.formats.spell import NotSpelledError, shell
from envguard.formats.template import PLACEHOLDER, Kind, Region, refuse

_TOKEN = re.compile(
    r"(?P<escape>\\.)"
    r"|(?P<comment>(?:(?<=[\s;&|()])|\A)\#[^\n]*)"
    r"|(?P<ansi>\$'(?:[^'\\]|\\.)*')"
    r"|(?P<single>'[^']*')"
    r'|(?P<double>"(?:[^"\\]|\\.)*")'
    r"|(?P<ticks>`(?:[^`\\]|\\.)*`)"
    r"|(?P<here><<-?[ \t]*(?P<quote>[\"'\\]?)(?P<word>\w+)[\"']?)"
    rf"|(?P<bare>{PLACEHOLDER})"
    r"|(?P<assigned>(?<![^\s;&|(])[A-Za-z_]\w*=(?P<value>[^\s\"'\\;&|<>()$`{}#]+)(?=[\s;&|)]|\Z))"
    r"|(?P<line>\n)",
    re.DOTALL,
)
_ESCAPED = re.compile(r'["\\$`]')
_ESCAPED_HERE = re.compile(r"[\\$`]")

_REFUSED = Kind(refuse)
_SINGLE = Kind(lambda value: value.replace("'", "'\\''"), opening="'", closing="'")
_DOUBLE = Kind(lambda value: _ESCAPED.sub(r"\\\g<0>", value), opening='"', closing='"')
_BARE = Kind(shell)


def scan_shell(text: str) -> Iterator[Region]:
    """Quoted words, placeholders that stand free, whole references that are assigned, and
    here-documents. What would be code inside quotes (`$(…)`, backticks) can hold no value."""
    waiting: list[tuple[str, bool, bool]] = []
    at = 0
    while token := _TOKEN.search(text, at):
        start, at = token.span()
        body = token.group()
        match token.lastgroup:
            case "comment":
                yield Region(start, at, None)
            case "single":
                yield Region(start, at, _SINGLE, start + 1, at - 1, body[1:-1])
            case "double":
                code = "`" in body or "$(" in body
                content = None if "\\" in body else body[1:-1]
                yield Region(start, at, _REFUSED if code else _DOUBLE, start + 1, at - 1, content)
            case "ansi" | "ticks":
                yield Region(start, at, _REFUSED)
            case "bare":
                yield Region(start, at, _BARE)
            case "assigned":
                first, last = token.span("value")
                yield Region(first, last, _BARE, content=token["value"])
            case "here":
                waiting.append((token["word"], bool(token["quote"]), body.startswith("<<-")))
            case "line":
                for word, quoted, tabs in waiting:
                    end = _end_of_here(text, at, word, tabs=tabs)
                    yield Region(at, end, Kind(partial(_in_here, word, quoted)))
                    at = end
                waiting.clear()


def _end_of_here(text: str, start: int, word: str, *, tabs: bool) -> int:
    """Where the line begins that ends a here-document."""
    lead = r"\t*" if tabs else ""
    found = re.compile(rf"^{lead}{re.escape(word)}$", re.MULTILINE).search(text, start)
    return found.start() if found else len(text)


def _in_here(word: str, quoted: bool, value: str) -> str:
    if any(line.lstrip("\t") == word for line in value.split("\n")):
        raise NotSpelledError("the word that ends the here-document")
    return value if quoted else _ESCAPED_HERE.sub(r"\\\g<0>", value)
