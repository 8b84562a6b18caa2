"""Where the variables of a YAML file stand: under `environment:`, or at its top."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from envguard.core.envfile import Entry
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.envfile import compose_text, yaml_quote
from envguard.envfile.yaml_text import (
    Map,
    Node,
    Scalar,
    Sequence,
    Token,
    Tree,
    get,
    kind,
    pairs,
    repeated,
)

_KEY_AND_VALUE = re.compile(r"(?P<key>[^=]+)(?:=(?P<value>.*))?", re.DOTALL)
_TEXTS = ("str", "null", "bool", "int", "float", "timestamp")
_SOPS = "sops"
"""The key under which SOPS keeps what it needs itself."""


class Cell(NamedTuple):
    """An entry with its place. `token` is None where no text stands there; `prefix` is what goes
    before the value in the same scalar (`KEY=` of a list); `plain` is False where programs
    disagree about the value as it is written."""

    entry: Entry
    token: Token | None
    prefix: str
    compose: bool
    plain: bool

    def __repr__(self) -> str:
        return f"Cell({self.entry!r})"


def find_cells(
    tree: Tree, text: str, path: str, *, top: bool = False
) -> tuple[tuple[Cell, ...], tuple[str, ...]]:
    """The variables in the order of the file, each once also where several services share it;
    and what cannot be read as one. They stand under `environment:`, or with `top` at the top."""
    finder = _Finder(tree, text, path)
    for root in tree.documents:
        if top:
            finder.map("", root, compose=False)
            continue
        finder.environment("", get(root, "environment"), compose=False)
        for name, service in pairs(get(root, "services")):
            finder.environment(name.value, get(service, "environment"), compose=True)
    cells = tuple(cell for _, cell in sorted(finder.found.items()))
    return cells, tuple(dict.fromkeys(finder.problems))


class _Finder:
    """One search: what it has found, by the place of the key."""

    def __init__(self, tree: Tree, text: str, path: str) -> None:
        self.tree = tree
        self.text = text
        self.path = path
        self.found: dict[int, Cell] = {}
        self.problems: list[str] = []

    def environment(self, section: str, node: Node | None, *, compose: bool) -> None:
        if isinstance(node, Map):
            self.map(section, node, compose=compose)
        elif isinstance(node, Sequence) and compose:
            self.list(section, node)

    def map(self, section: str, node: Node, *, compose: bool) -> None:
        for key in repeated(node):
            self.problem(key, f"{printable(key.value)} stands there twice")
        for key, value in pairs(node):
            if key.value == _SOPS and not section and isinstance(value, Map):
                continue
            if not isinstance(value, Scalar) or kind(value) not in _TEXTS:
                self.problem(key, f"{printable(key.value)} is no text")
                continue
            given = None if kind(value) == "null" else value.value
            self.add(section, key, key.value, value, given, compose=compose)

    def list(self, section: str, node: Sequence) -> None:
        for item in node.value:
            parts = _KEY_AND_VALUE.fullmatch(item.value) if isinstance(item, Scalar) else None
            if parts is None or kind(item) != "str":
                self.problem(item, "is no KEY=VALUE")
                continue
            self.add(section, item, parts["key"], item, parts["value"], compose=True)

    def add(
        self, section: str, at: Node, key: str, node: Scalar, value: str | None, *, compose: bool
    ) -> None:
        place = at.start_mark.index
        known = self.found.get(place)
        if known is not None and known.entry.section != section:
            section = ""  # several share it
        token = None if value is None else self.tree.token(node)
        end = token.end if token is not None else at.end_mark.index
        original = "".join(_lines(self.text, place, end))
        if value is not None and compose:
            value = compose_text.decode(value)
        entry = Entry(
            key, None if value is None else Secret(value), at.start_mark.line + 1, original, section
        )
        self.found[place] = Cell(
            entry,
            token,
            f"{key}=" if at is node else "",
            compose,
            node.style is not None or yaml_quote.is_same(node.value, kind(node)),
        )

    def problem(self, node: Node, what: str) -> None:
        self.problems.append(f"{printable(self.path)}:{node.start_mark.line + 1} {what}")


def _lines(text: str, start: int, end: int) -> Iterator[str]:
    """The whole lines from the one with `start` to the one with the last character."""
    yield text[text.rfind("\n", 0, start) + 1 : start]
    last = text.find("\n", max(start, end - 1))
    yield text[start : last + 1 if last >= 0 else len(text)]
