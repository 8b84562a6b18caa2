"""What every dialect gives: a variable, with its value in pieces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from envguard.core.errors import UsageError
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.envfile.interpolate import Piece, Variable


class Line(NamedTuple):
    """One variable. `text` is its value as it is written, without quotes and with variables as
    `${NAME}`; `pieces` are what interpolation makes of it; `line` counts from 1. `start` is where
    its key begins, `span` where its value stands, with its quotes; None for a key alone."""

    key: str
    text: Secret
    pieces: tuple[Piece, ...]
    line: int
    start: int = 0
    span: tuple[int, int] | None = None

    def __repr__(self) -> str:
        return f"Line({self.key!r}, line={self.line})"


class Source(NamedTuple):
    """A file that is read: its name in errors and its text."""

    path: str
    text: str

    def line_of(self, position: int) -> int:
        """The line of a position, counted from 1."""
        return self.text.count("\n", 0, position) + 1

    def error(self, position: int, what: str, hint: str) -> UsageError:
        """An error with its place; nothing of the text is quoted."""
        return UsageError(f"{printable(self.path)}:{self.line_of(position)} {what}", hint)

    def code(self, position: int) -> UsageError:
        """The error for what the dialect would run as a command."""
        return self.error(position, "would run a command, and is not read", "write its result")


def line(
    source: Source,
    position: int,
    key: str,
    pieces: tuple[Piece, ...],
    span: tuple[int, int] | None = None,
) -> Line:
    """The variable whose key stands at a position, and whose value at a span."""
    text = "".join(p if isinstance(p, str) else f"${{{p.name}}}" for p in pieces)
    return Line(key, Secret(text), pieces, source.line_of(position), position, span)


class Grammar(NamedTuple):
    """How a value is cut: what a backslash and a character stand for (`drop`: any other
    backslash goes, else it stays), and what is a variable: an expression with the groups `name`,
    and where the dialect has defaults `operator` and `default`."""

    escapes: Mapping[str, str]
    drop: bool = False
    variable: str = ""
    dollars: bool = False  # `$$` is `$`
    commands: bool = False  # `$(…)` would be run


def cut(text: str, grammar: Grammar, source: Source, position: int) -> tuple[Piece, ...]:
    """The pieces of a value. Raises UsageError for a command, and for a form of `${…}` that is
    not known here."""
    if "\\" not in text and "$" not in text:
        return (text,)
    found: list[Piece] = []
    at = 0
    variable = re.compile(grammar.variable) if grammar.variable else None
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text) and (grammar.escapes or grammar.drop):
            kept = text[at + 1] if grammar.drop else text[at : at + 2]
            found.append(grammar.escapes.get(text[at + 1], kept))
            at += 2
            continue
        if text[at] != "$" or variable is None:
            found.append(text[at])
            at += 1
            continue
        if grammar.commands and text.startswith("$(", at):
            raise source.code(position)
        if grammar.dollars and text.startswith("$$", at):
            found.append("$")
            at += 2
            continue
        match = variable.match(text, at)
        if match is None:
            found.append("$")
            at += 1
            continue
        found.append(_variable(match, grammar, source, position))
        at = match.end()
    return joined(found)


def joined(found: list[Piece]) -> tuple[Piece, ...]:
    """The same pieces, texts that follow each other as one."""
    result: list[Piece] = []
    for piece in found:
        if isinstance(piece, str) and result and isinstance(result[-1], str):
            result[-1] += piece
        else:
            result.append(piece)
    return tuple(result) or ("",)


def _variable(match: re.Match[str], grammar: Grammar, source: Source, position: int) -> Variable:
    groups = match.groupdict()
    name = next(v for k, v in groups.items() if k.startswith("name") and v)
    operator = groups.get("operator") or ""
    if operator not in ("", "-", ":-"):
        raise source.error(position, "has a ${…} that is not read here", "write its result")
    default = cut(groups["default"], grammar, source, position) if groups.get("default") else ()
    return Variable(name, default, unless_empty=operator == ":-")
