"""Colour, where the output is a terminal that wants it."""

from __future__ import annotations

from typing import NamedTuple

# ECMA-48, select graphic rendition.
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Style(NamedTuple):
    """Paints text, or leaves it as it is."""

    colour: bool = False

    def paint(self, text: str, names: str) -> str:
        """`text` in the styles of `names`, separated by blanks (`bold red`)."""
        if not self.colour:
            return text
        codes = ";".join(_CODES[name] for name in names.split())
        return f"\033[{codes}m{text}\033[0m"
