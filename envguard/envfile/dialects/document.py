"""A .env file as another program than python-dotenv reads it, written back byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from envguard.core.envfile import Entry
from envguard.core.errors import UsageError
from envguard.core.text import printable
from envguard.envfile.dialects import registry
from envguard.envfile.dialects.line import Line
from envguard.envfile.interpolate import Piece, names

# What every reader of .env files takes as it stands, see quote.py.
_PORTABLE = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")
_QUOTES = "'\"`"
# What a backslash may have to stand before in double quotes, from the least on.
_ESCAPED = ('"', '"\\\\', '"\\\\$', '"\\\\$`')


class DialectDocument(NamedTuple):
    """A file in a dialect. `text` is the file as it stands; the spans of `lines` count in it."""

    path: str
    dialect: str
    text: str
    lines: tuple[Line, ...]

    def __repr__(self) -> str:
        return f"DialectDocument({self.path!r}, {self.dialect!r})"

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every variable in the order of the file, duplicates included. Values are as they are
        before interpolation, with variables as `${NAME}`."""
        return tuple(map(self._entry, self.lines))

    def require_clean(self) -> None:
        """Nothing: what the dialect refuses is an error when the file is read."""

    def render(self) -> bytes:
        """The file's bytes."""
        return self.text.encode()

    def replace_all(self, values: Mapping[int, str]) -> DialectDocument:
        """The document with the values changed of the entries on these lines, and nothing else:
        spelled so that the dialect reads them, which is checked by reading the whole again.

        Raises LookupError for a line that holds no entry with a value, UsageError for a value
        that a file in this dialect cannot hold.
        """
        wanted = dict(values)
        text, at = "", 0
        expected: list[tuple[str, tuple[Piece, ...]]] = []
        for line in self.lines:
            pieces = line.pieces
            if line.span is not None and line.line in wanted:
                start, end = line.span
                value = wanted.pop(line.line)
                spelling = self._spelled(line.key, value, self.text[start:end])
                text += self.text[at:start] + spelling
                at = end
                # `KEY= # comment`: the blank before the comment belongs to it.
                if spelling and self.text.startswith("#", end):
                    text += " "
                pieces = (value,)
            expected.append((line.key, pieces))
        if wanted:
            raise LookupError(f"{self.path} has no entry on line {min(wanted)}")
        return self.verified(text + self.text[at:], expected)

    def verified(
        self, text: str, expected: Sequence[tuple[str, tuple[Piece, ...]]]
    ) -> DialectDocument:
        """The document of a text, once it is sure that the dialect reads what is expected."""
        edited = parse(text.encode(), self.path, self.dialect)
        if [(line.key, line.pieces) for line in edited.lines] != list(expected):
            raise UsageError(
                f"{printable(self.path)} cannot be rewritten so that {self.dialect} reads the"
                " same values",
                "write each variable on a line of its own, in quotes that close",
            )
        return edited

    def _spelled(self, key: str, value: str, before: str) -> str:
        for spelling in _spellings(value, before[:1] if before[:1] in (*_QUOTES,) else ""):
            if _reads(spelling, value, self.dialect):
                return spelling
        raise UsageError(
            f"a {self.dialect} file cannot hold the value of {printable(key)}",
            "keep it encoded, for example as base64",
        )

    def _entry(self, line: Line) -> Entry:
        value = None if line.span is None else line.text
        end = line.start if line.span is None else line.span[1]
        return Entry(
            line.key, value, line.line, self.text[line.start : end], uses=names(line.pieces)
        )


def parse(content: bytes, path: str, dialect: str) -> DialectDocument:
    """The document that a file's bytes say in a dialect. Raises UsageError, also where they are
    not UTF-8: what some dialects make of that could not be written back."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{printable(path)}:{number} is not UTF-8", "convert it to UTF-8"
        ) from None
    return DialectDocument(path, dialect, text, tuple(registry.placed(text, path, dialect)))


def _spellings(value: str, quote: str) -> Iterator[str]:
    """Ways to write a value, the one with the quotes that are there now first."""
    if quote:
        yield from _quoted(value, quote)
    if _PORTABLE.fullmatch(value):
        yield value
    for other in _QUOTES:
        yield from _quoted(value, other)
    yield value


def _quoted(value: str, quote: str) -> Iterator[str]:
    yield f"{quote}{value}{quote}"
    if quote == "'":
        for escaped in ("\\'", "'\\''"):
            yield "'" + value.replace("'", escaped) + "'"
    if quote == '"':
        for characters in _ESCAPED:
            escaped = re.sub(f"[{characters}]", r"\\\g<0>", value)
            yield f'"{escaped}"'
            yield '"' + escaped.replace("\n", "\\n").replace("\r", "\\r") + '"'


def _reads(spelling: str, value: str, dialect: str) -> bool:
    """Whether a dialect reads a value that is spelled so."""
    try:
        found = [
            (line.key, line.pieces)
            for line in registry.placed(f"K={spelling}\nL=1\n", "a value", dialect)
        ]
    except UsageError:
        return False
    return found == [("K", (value,)), ("L", ("1",))]
