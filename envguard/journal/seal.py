"""What proves that a text is ours and unchanged: plans that travel through a review."""

from __future__ import annotations

import hmac

from envguard.journal.keys import derive

_INFO = b"envguard plan seal v1"


class Seal:
    """HMAC-SHA256 (RFC 2104) under a key derived from the root key. `key_id` tells keys apart and
    gives nothing away."""

    def __init__(self, key: bytes) -> None:
        self._key = derive(key, _INFO)
        self.key_id = derive(key, _INFO + b" key id")[:8].hex()

    def of(self, content: bytes) -> str:
        """The seal of a text, hexadecimal."""
        return hmac.new(self._key, content, "sha256").hexdigest()

    def fits(self, content: bytes, seal: str) -> bool:
        """Whether a seal was made of this very text."""
        return hmac.compare_digest(self.of(content), seal)
