"""The samples in the Go sources of gitleaks' rules: read, and put together as the sources say.

Understands as much of Go as these files use: texts, lists, maps, `+`, and the few functions that
make random secrets. A statement that it does not understand gives no sample.
"""

from __future__ import annotations

import base64
import random
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from envguard.detection.gitleaks.syntax import FLAGS, to_python

if sys.version_info >= (3, 11):
    from re import _constants as words
    from re import _parser as parser
else:
    import sre_constants as words
    import sre_parse as parser

_TOKEN = re.compile(
    r"""(?xs)
    (?P<skip>[ \t\r]+|//[^\n]*|/\*.*?\*/)|(?P<line>\n)|(?P<raw>`[^`]*`)
    |(?P<text>"(?:\\.|[^"\\\n])*")
    |(?P<char>'(?:\\.|[^'\\\n])+')|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    |(?P<number>\d[\w.]*)|(?P<mark>:=|\.\.\.|&&|\|\||[=!<>]=|.)"""
)
_FUNCTION = re.compile(
    r"^func (\w+)\([^)]*\) (?:\*config\.Rule|\*?\w+\.?\w*) \{\n(.*?)^\}", re.M | re.S
)
_RULE_ID = re.compile(r'RuleID:\s*"([^"]+)"')
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'", "a": "\a", "v": "\v"}
_FORMS = {
    "ini": ['{i}Token="{s}"', '{i}Token = "{s}"', "{i}Token={s}", "{i}Token = {s}"],
    "json": ['{\n    "{i}_token": "{s}"\n}',
             '{"config.ini": "{I}_TOKEN={s}\nBACKUP_ENABLED=true"}'],
    "yaml": ["{i}_token: {s}", "{i}_token: '{s}'", '{i}_token: "{s}"'],
    "code": ['string {i}Token = "{s}";', 'var {i}Token string = "{s}"', "{i}Token := `{s}`",
             '${i}Token .= "{s}"',
             'System.setProperty("{I}_TOKEN", "{s}")', '  "{i}Token" => "{s}"'],
    "make": ['{i}_TOKEN := "{s}"', '{i}_TOKEN ::= "{s}"', '{i}_TOKEN :::= "{s}"',
             '{i}_TOKEN ?= "{s}"'],
    "xml": ["<{i}Token>\n    {s}\n</{i}Token>"],
}  # fmt: skip


class Sample(NamedTuple):
    """A text that a rule is meant to find something in, or nothing; in the file `path`."""

    rule: str
    text: str
    path: str
    positive: bool


class Unknown(Exception):
    """Go that is not understood."""


def samples(checkout: Path, seed: int = 1) -> tuple[list[Sample], int]:
    """The samples of all rules in a checkout of gitleaks, and how many rules have none."""
    chance = random.Random(seed)  # noqa: S311 - the same samples each time
    found: list[Sample] = []
    without = 0
    for file in sorted((checkout / "cmd/generate/config/rules").glob("*.go")):
        for function in _FUNCTION.finditer(file.read_text(encoding="utf-8")):
            rule = _RULE_ID.search(function[2])
            if rule is None:
                continue
            here = list(_of_rule(rule[1], function[2], chance))
            without += not here
            found += here
    return found, without


def _of_rule(rule: str, body: str, chance: random.Random) -> Iterator[Sample]:
    reader = _Reader(body, chance)
    values = reader.values()
    for positive, name in ((True, "tps"), (False, "fps")):
        value = values.get(name, [])
        pairs = value.items() if isinstance(value, dict) else [("", text) for text in value]
        for path, text in pairs:
            yield Sample(rule, text, path, positive)


class _Reader:
    """Reads the statements of one function."""

    def __init__(self, body: str, chance: random.Random) -> None:
        self._chance = chance
        self._tokens = [
            (str(m.lastgroup), m[0]) for m in _TOKEN.finditer(body) if m.lastgroup != "skip"
        ]
        self._at = 0
        self._names: dict[str, Any] = {}

    def values(self) -> dict[str, Any]:
        """The variables that are set on the outermost level, as far as they are understood."""
        depth = 0
        while self._at < len(self._tokens) - 2:
            (kind, text), (_, operator) = self._tokens[self._at : self._at + 2]
            if depth == 0 and kind == "name" and operator in (":=", "="):
                start = self._at
                self._at += 2
                try:
                    self._names[text] = self._expression()
                except (Unknown, IndexError, TypeError, ValueError):
                    self._at = start + 2
                continue
            depth += (text in "{([") - (text in "})]") if kind == "mark" else 0
            self._at += 1
        return self._names

    def _peek(self) -> str:
        return self._tokens[self._at][1]

    def _take(self, text: str | None = None) -> tuple[str, str]:
        token = self._tokens[self._at]
        if text is not None and token[1] != text:
            raise Unknown(token[1])
        self._at += 1
        return token

    def _lines(self) -> None:
        while self._tokens[self._at][0] == "line":
            self._at += 1

    def _expression(self) -> Any:
        self._lines()
        value = self._operand()
        while self._at < len(self._tokens) and self._peek() == "+":
            self._take()
            self._lines()
            value += self._operand()
        return value

    def _operand(self) -> Any:
        kind, text = self._take()
        if kind == "raw":
            return text[1:-1].replace("\r", "")
        if kind == "text":
            return re.sub(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", _unescaped, text[1:-1])
        if text == "[":
            self._take("]")
            return self._list() if self._take()[1] == "string" else self._fail("list")
        if text == "map":
            for expected in ("[", "string", "]", "string"):
                self._take(expected)
            return dict(self._list(pairs=True))
        if kind == "name":
            if self._at < len(self._tokens) and self._peek() == "(":
                return self._call(text)
            if text in self._names:
                return self._names[text]
        return self._fail(text)

    def _fail(self, what: str) -> Any:
        raise Unknown(what)

    def _list(self, *, pairs: bool = False) -> list[Any]:
        self._take("{")
        found: list[Any] = []
        while True:
            self._lines()
            if self._peek() == "}":
                self._take()
                return found
            value = self._expression()
            if pairs:
                self._take(":")
                value = (value, self._expression())
            found.append(value)
            self._lines()
            if self._peek() == ",":
                self._take()

    def _call(self, name: str) -> Any:
        self._take("(")
        arguments: list[Any] = []
        while True:
            self._lines()
            if self._peek() == ")":
                self._take()
                break
            value = self._expression()
            if self._peek() == "...":
                self._take()
                arguments += value
            else:
                arguments.append(value)
            self._lines()
            if self._peek() == ",":
                self._take()
        return self._result(name.rpartition(".")[2], arguments)

    def _result(self, name: str, arguments: list[Any]) -> Any:
        classes = {
            "Numeric": "[0-9]",
            "Hex": "[a-f0-9]",
            "AlphaNumeric": "[a-z0-9]",
            "AlphaNumericExtendedShort": "[a-z0-9_-]",
            "AlphaNumericExtended": r"[a-z0-9=_\-]",
            "AlphaNumericExtendedLong": r"[a-z0-9\/=_\+\-]",
        }
        if name in classes:
            return f"{classes[name]}{{{arguments[0]}}}"
        if name == "Hex8_4_4_4_12":
            return "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
        if name in ("NewSecret", "newPlausibleSecret"):
            return secret(arguments[0], self._chance)
        if name == "append":
            return [*arguments[0], *arguments[1:]]
        if name == "GenerateSampleSecret":
            return f'{arguments[0]}_api_token = "{arguments[1]}"'
        if name == "GenerateSampleSecrets":
            forms = [form for group in _FORMS.values() for form in group]
            return [
                form.replace("{i}", arguments[0])
                .replace("{I}", arguments[0].upper())
                .replace("{s}", arguments[1])
                for form in forms
            ]
        if name == "Sprintf":
            return arguments[0] % tuple(arguments[1:])
        if name == "byte":
            return arguments[0]
        if name == "EncodeToString":
            return base64.b64encode(arguments[0].encode()).decode()
        return self._fail(name)


def _unescaped(match: re.Match[str]) -> str:
    inside = match[1]
    return chr(int(inside[1:], 16)) if inside[0] in "xu" and len(inside) > 1 else _ESCAPES[inside]


def secret(expression: str, chance: random.Random) -> str:
    """A random text that a Go expression matches."""
    tree = parser.parse(to_python(expression), FLAGS)
    return "".join(_random(tree, chance))


def _random(tree: Any, chance: random.Random) -> Iterator[str]:
    for kind, value in tree:
        if kind is words.LITERAL:
            yield chr(value)
        elif kind is words.IN:
            yield chance.choice(_characters(value))
        elif kind in (words.MAX_REPEAT, words.MIN_REPEAT):
            low, high, inside = value
            for _ in range(chance.randint(low, min(high, low + 8))):
                yield from _random(inside, chance)
        elif kind is words.SUBPATTERN:
            yield from _random(value[3], chance)
        elif kind is words.BRANCH:
            yield from _random(chance.choice(value[1]), chance)
        elif kind is not words.AT:
            raise Unknown(str(kind))


def _characters(items: Any) -> str:
    found = ""
    for kind, value in items:
        if kind is words.LITERAL:
            found += chr(value)
        elif kind is words.RANGE:
            found += "".join(map(chr, range(value[0], value[1] + 1)))
        else:
            raise Unknown(str(kind))
    return "".join(c for c in found if c in string.printable and c not in "\n\r\x0b\x0c")
