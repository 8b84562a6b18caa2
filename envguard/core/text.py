"""Text from a tree, made safe to show."""

from __future__ import annotations


def printable(text: str) -> str:
    """`text` in one line that cannot steer a terminal.

    Control characters, line and paragraph separators, bidirectional overrides and bytes that
    are no UTF-8 (surrogate escapes) become backslash escapes; everything else stays.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape, PEP 383
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
