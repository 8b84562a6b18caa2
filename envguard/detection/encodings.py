"""Texts that are not written in UTF-8, as far as their first bytes say so."""

from __future__ import annotations

# Byte-order marks: the Unicode Standard, section 23.8. UTF-32's begins with UTF-16's.
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def decoded(text: bytes) -> tuple[bytes, str] | None:
    """The text in UTF-8 without its byte-order mark, and the encoding that the mark names; None
    for a text without one. What cannot be decoded becomes U+FFFD."""
    for mark, encoding in _MARKS:
        if text.startswith(mark):
            return text[len(mark) :].decode(encoding, "replace").encode("utf-8"), encoding
    return None
