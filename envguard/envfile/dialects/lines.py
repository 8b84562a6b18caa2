"""The dialects that are lines of `KEY=VALUE` with quotes: node dotenv, dotenvx, ruby's dotenv,
godotenv and docker compose.

Their documentation: https://github.com/motdotla/dotenv#what-rules-does-the-parsing-engine-follow,
https://dotenvx.com/docs/env-file, https://github.com/bkeepers/dotenv#usage,
https://github.com/joho/godotenv#usage,
https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax.
Where it is silent: what their programs were measured to read (tests/envfile/dialects.json).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from envguard.envfile.dialects.line import Grammar, Line, Source, cut, line
from envguard.envfile.interpolate import Piece

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_BRACED = (
    rf"\$\{{(?P<name>{_NAME})(?:(?P<operator>:?[-+?=])(?P<default>[^}}]*))?\}}|\$(?P<name2>{_NAME})"
)


class Rules(NamedTuple):
    """One dialect. `words` are the characters of keys; `anywhere`: a `#` begins a comment also
    without a blank before it; `strict`: what is no line is an error, else it is passed over;
    `alone` is what a key without `=` is: None for nothing."""

    quotes: str
    words: str
    anywhere: bool
    strict: bool
    alone: str | None
    double: Grammar
    bare: Grammar
    single: Grammar = Grammar({})


_NODE = {"n": "\n", "r": "\r"}
_COMPOSE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_PLAIN = Grammar({})
# ruby and go take the braces as they come: in `${A:-b}` the variable ends before `:`.
_RUBY = r"\$\{?(?P<name>[A-Za-z0-9_]+)\}?"
_GO = r"\$\{?(?P<name>[A-Z0-9_]+)\}?"

RULES = {
    "node": Rules("'\"`", r"[\w.-]+", True, False, None, Grammar(_NODE), _PLAIN),
    "dotenvx": Rules(
        "'\"`",
        r"[\w.-]+",
        True,
        False,
        None,
        Grammar({**_NODE, "t": "\t", "$": "$"}, variable=_BRACED, commands=True),
        Grammar({"$": "$"}, variable=_BRACED, commands=True),
        Grammar({"'": "'"}),
    ),
    "ruby": Rules(
        "'\"",
        r"[\w.]+",
        True,
        False,
        "",
        Grammar({"n": "\\n", "r": "\\r"}, drop=True, variable=_RUBY, commands=True),
        Grammar({}, drop=True, variable=_RUBY, commands=True),
    ),
    "go": Rules(
        "'\"",
        r"[\w.-]+",
        False,
        True,
        None,
        Grammar(_NODE, drop=True, variable=_GO),
        Grammar({"$": "$"}, variable=_GO),
    ),
    "compose": Rules(
        "'\"",
        r"[\w.\[\]-]+",
        False,
        True,
        None,
        Grammar({**_COMPOSE, "$": "$", '"': '"', "\\": "\\"}, variable=_BRACED, dollars=True),
        Grammar({"$": "$"}, variable=_BRACED, dollars=True),
    ),
}


def read(source: Source, dialect: str) -> Iterator[Line]:
    """The variables of a file, in its order. Raises UsageError."""
    rules = RULES[dialect]
    text = source.text
    key = re.compile(
        rf"(?:export[ \t]+)?(?P<key>{rules.words})(?:[ \t]*=|:(?=[ \t]))[ \t]*", re.ASCII
    )
    alone = re.compile(rf"(?:export[ \t]+)?(?P<key>{rules.words})[ \t]*(?=\n|#|\Z)", re.ASCII)
    at = 0
    while at < len(text):
        if text[at] in " \t\n\v\f":
            at += 1
            continue
        found = None if text[at] == "#" else key.match(text, at)
        if found is not None:
            pieces, span, end = _value(source, found.end(), rules)
            yield line(source, at, found["key"], pieces, span)
            at = end
            continue
        single = None if text[at] == "#" else alone.match(text, at)
        if single is not None and rules.alone is not None:
            yield line(source, at, single["key"], (rules.alone,))
        elif text[at] != "#" and rules.strict and (single is None or dialect == "go"):
            raise source.error(at, "is no KEY=VALUE line", "correct it, or put a # before it")
        at = _line_end(text, at)


def _value(source: Source, at: int, rules: Rules) -> tuple[tuple[Piece, ...], tuple[int, int], int]:
    """The pieces of a value, where it stands, and where its line ends."""
    text = source.text
    if at < len(text) and text[at] in rules.quotes:
        quote = text[at]
        # What a backslash escapes ends no quotes, also where the backslash stays.
        closed = re.compile(rf"(?:\\.|[^\\{quote}])*{quote}", re.DOTALL).match(text, at + 1)
        rest = (
            None
            if closed is None
            else re.compile(r"[ \t]*(?:#[^\n]*)?(?=\n|\Z)").match(text, closed.end())
        )
        if closed is not None and rest is not None:
            body = text[at + 1 : closed.end() - 1]
            grammar = rules.double if quote == '"' else rules.single
            return cut(body, grammar, source, at), (at, closed.end()), rest.end()
        if rules.strict:
            raise source.error(at, "has quotes that do not close", "close them")
    end = _line_end(text, at)
    body = text[at:end]
    comment = re.search("#" if rules.anywhere else r"(?<=[ \t])#", body)
    body = body[: comment.start()] if comment else body
    start = at + len(body) - len(body.lstrip())
    body = body.strip()
    return cut(body, rules.bare, source, at), (start, start + len(body)), end


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
