"""`node --env-file` of Node 20 (https://nodejs.org/docs/latest-v20.x/api/cli.html#--env-fileconfig),
as its program was measured to read (tests/envfile/dialects.json)."""

from __future__ import annotations

from collections.abc import Iterator

from envguard.envfile.dialects.line import Line, Source, line

_QUOTES = "'\"`"


def read(source: Source) -> Iterator[Line]:
    """The variables of a file, in its order. A key is everything up to the next `=`, so that a
    line without one becomes a part of it."""
    text = source.text
    at = 0
    while at < len(text):
        if text[at] in "\n ":
            at += 1
            continue
        if text[at] == "#":
            at = _line_end(text, at)
            continue
        equal = text.find("=", at)
        key = text[at:equal].strip(" ").removeprefix("export ")
        if equal < 0 or not key:
            return
        found = _value(text, equal + 1)
        if found is None:
            return
        value, span, end = found
        # A variable ends at the first NUL.
        yield line(source, at, key, (value.partition("\0")[0],), span)
        at = end


def _value(text: str, at: int) -> tuple[str, tuple[int, int], int] | None:
    """A value, where it stands, and where its line ends; None where quotes do not close and the
    file ends."""
    while text.startswith(" ", at):
        at += 1
    if at < len(text) and text[at] in _QUOTES:
        close = text.find(text[at], at + 1)
        if close >= 0:
            body = text[at + 1 : close]
            value = body.replace("\\n", "\n") if text[at] == '"' else body
            return value, (at, close + 1), _line_end(text, close)
        if "\n" not in text[at:]:
            return None
    end = _line_end(text, at)
    value = text[at:end].partition("#")[0].strip(" ")
    return value, (at, at + len(value)), end


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
