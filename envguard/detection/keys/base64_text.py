"""Base64 as tokens and keys use it."""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64

_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def unbase64(text: bytes) -> bytes | None:
    """The bytes of base64 in either alphabet, with or without padding; None where it is none."""
    bare = text.translate(_URL_SAFE).rstrip(b"=")
    try:
        return a2b_base64(bare + b"=" * (-len(bare) % 4))
    except Base64Error:
        return None
