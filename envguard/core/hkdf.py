"""Keys from a key: HKDF-SHA256 (RFC 5869), from the standard library."""

from __future__ import annotations

from envguard.core.mac import hmac_sha256

_HASH_SIZE = 32


def hkdf(key: bytes, salt: bytes, info: bytes, length: int = _HASH_SIZE) -> bytes:
    """HKDF-SHA256 (RFC 5869), extract and expand; `length` is at most 255 hashes."""
    if length > 255 * _HASH_SIZE:
        raise ValueError("HKDF-SHA256 gives at most 8160 bytes")
    secret = hmac_sha256(salt or bytes(_HASH_SIZE), key)
    block = output = b""
    counter = 0
    while len(output) < length:
        counter += 1
        block = hmac_sha256(secret, block + info + bytes([counter]))
        output += block
    return output[:length]
