"""`{{secrets.NAME}}` inside a longer text."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from envguard.core.reference import PROFILE_BACKEND, Reference, parse_reference

OPENING = "{{"


@cache
def pattern() -> re.Pattern[str]:
    """What finds them; made when it is first needed."""
    # `${{ secrets.NAME }}` is GitHub's own
    # (https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/use-secrets).
    return re.compile(r"(?<!\$)\{\{[ \t]*secrets\.(?P<name>[^\s{}]+)[ \t]*\}\}")


def named(match: re.Match[str]) -> Reference | None:
    """The reference that a match is; None where its name is not well-formed."""
    return parse_reference(f"{PROFILE_BACKEND}:{match['name']}")


def find(text: str) -> list[Reference]:
    """The references inside a text, in their order."""
    return [reference for _, _, reference in places(text)]


def places(text: str) -> list[tuple[int, int, Reference]]:
    """The same, with where each begins and ends."""
    if OPENING not in text:
        return []
    found = ((match, named(match)) for match in pattern().finditer(text))
    return [(*match.span(), reference) for match, reference in found if reference is not None]


def fill(text: str, value: Callable[[Reference], str]) -> str:
    """The text with the value of each reference in its place; the values are not looked into."""
    if OPENING not in text:
        return text

    def replacement(match: re.Match[str]) -> str:
        reference = named(match)
        return match.group() if reference is None else value(reference)

    return pattern().sub(replacement, text)
