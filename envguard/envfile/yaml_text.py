"""The one door to PyYAML: a YAML text with the exact place of each scalar.

PyYAML's nodes and tokens carry the index of their first and last character
(https://pyyaml.org/wiki/PyYAMLDocumentation, "Marks"), so that one scalar can be replaced and
every other character stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import yaml

from envguard.core.errors import UsageError
from envguard.core.text import printable

Node = yaml.Node
Map = yaml.MappingNode
Sequence = yaml.SequenceNode

_PREFIX = "tag:yaml.org,2002:"
_MERGE = f"{_PREFIX}merge"


class Alias(yaml.ScalarNode):
    """A scalar that stands elsewhere: its value, with the place of the `*name`."""


Scalar = yaml.ScalarNode


class Token(NamedTuple):
    """A scalar or an alias in the text: from `start` up to `end`, without anchor and tag.

    `anchor` is the name that it carries, `alias` the one that it repeats; `style` is how the
    scalar is written: empty (plain), `'`, `"`, `|` or `>`.
    """

    start: int
    end: int
    style: str
    anchor: str
    alias: str


class Piece:
    """A token of any kind, to compare two readings: equal where kind and value are."""

    __slots__ = ("kind", "start", "value")

    def __init__(self, token: yaml.Token) -> None:
        self.kind = type(token)
        self.value = getattr(token, "value", None)
        self.start: int = token.start_mark.index

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Piece):
            return NotImplemented
        return (self.kind, self.value) == (other.kind, other.value)

    __hash__ = None  # type: ignore[assignment]  # compared only


class Tree(NamedTuple):
    """A text as YAML reads it. `tokens` are found by their end; `shape` is every token."""

    documents: tuple[Node, ...]
    tokens: dict[int, Token]
    shape: tuple[Piece, ...]

    def __repr__(self) -> str:
        return f"Tree({len(self.documents)} documents)"

    def token(self, node: Scalar) -> Token | None:
        """Where a scalar stands; None for an empty one, which has no text."""
        found = self.tokens.get(node.end_mark.index)
        return found if found is not None and found.start >= node.start_mark.index else None


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        """As PyYAML's, but an alias of a scalar is a node of its own, with its own marks."""
        is_alias = self.check_event(yaml.AliasEvent)
        event = self.peek_event() if is_alias else None  # type: ignore[no-untyped-call]  # so in its stubs
        node = super().compose_node(parent, index)
        if event is None or not isinstance(node, yaml.ScalarNode):
            return node
        return Alias(node.tag, node.value, event.start_mark, event.end_mark, node.style)


def read(text: str, path: str) -> Tree:
    """The tree of a text; `path` is its name in errors. Raises UsageError where it is no YAML.

    No part of the text is in the error: it could be a value.
    """
    if path.lower().endswith(".json"):
        # JSON may be indented with tabs, YAML not; no text in JSON holds one (RFC 8259).
        text = text.replace("\t", " ")
    try:
        tokens = list(yaml.scan(text, Loader=_Loader))
        documents = tuple(n for n in yaml.compose_all(text, Loader=_Loader) if n is not None)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}" if mark is not None else ""
        raise _unreadable(f"{printable(path)}{place} is no YAML that can be read") from None
    except (RecursionError, ValueError):
        raise _unreadable(
            f"{printable(path)} is nested too deeply, or holds a broken tag"
        ) from None
    places: dict[int, Token] = {}
    anchor = ""
    for token in tokens:
        start, end = token.start_mark.index, token.end_mark.index
        if isinstance(token, yaml.ScalarToken):
            places[end] = Token(start, end, token.style or "", anchor, "")
        elif isinstance(token, yaml.AliasToken):
            places[end] = Token(start, end, "", "", token.value)
        if not isinstance(token, yaml.TagToken):
            anchor = token.value if isinstance(token, yaml.AnchorToken) else ""
    return Tree(documents, places, tuple(map(Piece, tokens)))


def decode(content: bytes, path: str) -> str:
    """The text of a file's bytes, line ends as they are. Raises UsageError: not UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{printable(path)}:{line} is not UTF-8", "save the file as UTF-8"
        ) from None


def pairs(node: Node | None) -> Iterator[tuple[Scalar, Node]]:
    """The pairs of a map, its own and those of its merge keys (https://yaml.org/type/merge.html);
    nothing for what is no map. Of a key that is there twice, the first of own, then merged."""
    given: set[str] = set()
    for key, value in _all_pairs(node, set()):
        if key.value not in given:
            given.add(key.value)
            yield key, value


def get(node: Node | None, name: str) -> Node | None:
    """What a map holds under a key; None where it has none, or is no map."""
    return next((value for key, value in pairs(node) if key.value == name), None)


def text_of(node: Node | None) -> str:
    """The text of a scalar; empty for anything else."""
    return str(node.value) if isinstance(node, Scalar) else ""


def kind(node: Scalar) -> str:
    """What YAML takes a scalar for: `str`, `null`, `bool`, `int`, …; any other tag as it is."""
    return str(node.tag).removeprefix(_PREFIX)


def repeated(node: Node | None) -> Iterator[Scalar]:
    """The keys of a map, not of what it merges, that stand there before: no YAML, but common."""
    seen: set[str] = set()
    for key, _ in node.value if isinstance(node, Map) else ():
        if isinstance(key, Scalar) and key.tag != _MERGE:
            if key.value in seen:
                yield key
            seen.add(key.value)


def _all_pairs(node: Node | None, seen: set[int]) -> Iterator[tuple[Scalar, Node]]:
    if not isinstance(node, Map) or id(node) in seen:
        return
    seen.add(id(node))
    merged: list[Node] = []
    own: dict[str, tuple[Scalar, Node]] = {}
    for key, value in node.value:
        if key.tag == _MERGE:
            merged += value.value if isinstance(value, Sequence) else [value]
        elif isinstance(key, Scalar):
            own[key.value] = (key, value)
    yield from own.values()
    for other in merged:
        yield from _all_pairs(other, seen)


def _unreadable(what: str) -> UsageError:
    return UsageError(what, "correct it; a template has to be rendered first")
