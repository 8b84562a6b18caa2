"""A digest for files of our own, which no other program reads."""

from __future__ import annotations

try:
    # hashlib loads OpenSSL, 3 ms of a staged scan. random.py of the standard library does as here.
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

DIGEST_SIZE = 32
"""Bytes of a digest."""


def digest(*parts: bytes) -> bytes:
    """BLAKE2b (RFC 7693) of the parts, each with its length in front, so that no two lists of
    parts give the same bytes."""
    hashed = blake2b(digest_size=DIGEST_SIZE)
    for part in parts:
        hashed.update(len(part).to_bytes(8, "big"))
        hashed.update(part)
    return hashed.digest()
