"""Texts that are not written in UTF-8, as far as their first bytes say so."""

from __future__ import annotations

# Byte-order marks: the Unicode Standard, section 23.8. UTF-32's begins with UTF-16's.
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


PROBE = 1024
"""Bytes at the beginning that tell the encoding."""

_SHORTEST = 16
_MOSTLY = 0.7  # of every other byte is NUL in a text with few characters beyond Latin


def decoded(text: bytes) -> tuple[bytes, str] | None:
    """The text in UTF-8 without its byte-order mark, and the encoding that the mark names; None
    for a text without one. What cannot be decoded becomes U+FFFD.

    UTF-16 is also told without a mark, where every other byte at the beginning is NUL.
    """
    first = text[:4]
    if b"\0" not in first and first[:1] not in (b"\xff", b"\xfe"):
        return None  # almost every text
    for mark, encoding in _MARKS:
        if text.startswith(mark):
            return text[len(mark) :].decode(encoding, "replace").encode("utf-8"), encoding
    told = _without_mark(text[:PROBE]) if b"\0" in first else None
    return None if told is None else (text.decode(told, "replace").encode("utf-8"), told)


def _without_mark(head: bytes) -> str | None:
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(head) < _SHORTEST or max(even, odd) < _MOSTLY * len(head) / 2:
        return None
    if min(even, odd) > (1 - _MOSTLY) * len(head) / 2:
        return None  # zeros in both places: no text
    return "utf-16-le" if odd > even else "utf-16-be"
