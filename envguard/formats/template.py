"""Templates: where in a text references stand, and how values are written in their places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from envguard.core.errors import UsageError
from envguard.core.reference import Reference
from envguard.core.text import printable
from envguard.formats.spell import NotSpelledError


class Kind(NamedTuple):
    """How a region is written once it holds a value: between `opening` and `closing` the text
    of the template, rewritten by `static`, and the values, escaped by `value`."""

    value: Callable[[str], str]
    static: Callable[[str], str] = str
    opening: str = ""
    closing: str = ""


class Region(NamedTuple):
    """A part of a template that can hold values: `text[start:end]`, of which the body, without
    quotes, is `text[first:last]`. `content` is what it would mean as a whole, None where it
    cannot be a whole reference. A region without a kind is a comment, and left as it is."""

    start: int
    end: int
    kind: Kind | None
    first: int = -1
    last: int = -1
    content: str | None = None


Scan = Callable[[str], Iterable[Region]]
Find = Callable[[str], Sequence[tuple[int, int, Reference]]]
Whole = Callable[[str], "Reference | None"]


class Slot(NamedTuple):
    """A region with references: its pieces are texts of the template and references; `line`
    counts from 1."""

    region: Region
    pieces: tuple[str | Reference, ...]
    line: int

    def render(self, values: Mapping[Reference, str]) -> str:
        """The region with the values in their places. Raises NotSpelledError."""
        kind = self.region.kind
        if kind is None:
            raise ValueError("a comment holds no values")
        body = (
            kind.static(piece) if isinstance(piece, str) else kind.value(values[piece])
            for piece in self.pieces
        )
        return kind.opening + "".join(body) + kind.closing


def slots(text: str, scan: Scan, find: Find, whole: Whole, name: str) -> list[Slot]:
    """The regions of a template that hold references, in their order.

    `find` gives the references inside a text with their places, `whole` the one that a text is.
    Raises UsageError for a reference where none can be placed.
    """
    places = find(text)
    found: list[Slot] = []
    seen = 0
    for region in scan(text):
        inside = [place for place in places if region.start <= place[0] < region.end]
        seen += len(inside)
        if region.kind is None:
            continue
        reference = None if region.content is None else whole(region.content)
        if reference is not None or inside:
            pieces = (reference,) if reference is not None else _pieces(text, region, inside)
            found.append(Slot(region, tuple(pieces), text.count("\n", 0, region.start) + 1))
    if seen != len(places):
        covered = [place for place in places if not _covered(place[0], scan(text))]
        raise misplaced(name, text.count("\n", 0, covered[0][0]) + 1)
    return found


def fill(
    text: str, filled: Iterable[Slot], values: Mapping[Reference, str], format: str, name: str
) -> str:
    """The template with all values in their places. Raises UsageError where a value cannot stand
    there, which names the reference and the line."""
    result: list[str] = []
    end = 0
    for slot in filled:
        try:
            written = slot.render(values)
        except NotSpelledError as error:
            names = ", ".join(str(p) for p in slot.pieces if not isinstance(p, str))
            raise UsageError(
                f"{printable(name)}:{slot.line}: {printable(names)} holds {error}, and cannot"
                f" stand there as {format}",
                "put it into double quotes, or use another --format",
            ) from None
        result += [text[end : slot.region.start], written]
        end = slot.region.end
    return "".join(result) + text[end:]


def misplaced(name: str, line: int) -> UsageError:
    """The error for a place where a value could not be told from code."""
    return UsageError(
        f"{printable(name)}:{line}: no value can be put there safely",
        "put it into quotes of its own, or use --format plain",
    )


def refuse(_value: str) -> str:
    """The `value` of a region that can hold none."""
    raise NotSpelledError("what would become code there")


def _covered(position: int, regions: Iterable[Region]) -> bool:
    return any(region.start <= position < region.end for region in regions)


def _pieces(
    text: str, region: Region, inside: Iterable[tuple[int, int, Reference]]
) -> Iterator[str | Reference]:
    first, last = (region.start, region.end) if region.first < 0 else (region.first, region.last)
    for start, end, reference in inside:
        yield text[first:start]
        yield reference
        first = end
    yield text[first:last]


PLACEHOLDER = r"\{\{[ \t]*secrets\.[^\s{}]+[ \t]*\}\}"
"""What find() may find, for the scanners: one token, whatever its braces mean in their language."""

_TEMPLATE_SUFFIXES = (".tmpl", ".tpl", ".template", ".in", ".j2")
_FORMATS = {
    ".json": "json",
    ".yml": "yaml",
    ".yaml": "yaml",
    ".toml": "toml",
    ".xml": "xml",
    ".sh": "shell",
    ".bash": "shell",
    ".zsh": "shell",
}


def format_of(name: str) -> str:
    """The format that the name of a template says; `plain` where it says none."""
    lower = name.lower()
    for suffix in _TEMPLATE_SUFFIXES:
        lower = lower.removesuffix(suffix)
    found = re.search(r"\.[a-z]+\Z", lower)
    return _FORMATS.get(found.group(), "plain") if found else "plain"
