"""The name of a credential's content: stable over moves, rebases and squashes, and not invertible.

A fingerprint stands in baselines and reports, which are public. Its salt is public too, so a
value of little entropy could be guessed from it: such values go through scrypt (RFC 7914) first.
"""

from __future__ import annotations

import re

from envguard.core.secret import Secret
from envguard.detection.entropy import entropy

WEAK_BITS = 64
"""Values that take fewer bits to guess could be guessed from a fast digest."""
# Letters that could be a word's; Shannon estimated one to one and a half bits for each ("Prediction
# and entropy of printed English", 1951).
_WORD = re.compile(r"[A-Za-z]?[a-z]{2,}|[A-Z]{3,}")
_WORD_BITS = 1.5
# scrypt's cost: 8 MiB and about 25 ms a value; a dictionary of 10^6 words costs 7 hours a value.
_COST, _BLOCK, _PARALLEL = 2**13, 8, 1
_SIZE = 16  # bytes


class Fingerprinter:
    """Makes fingerprints under one salt; equal values cost once."""

    def __init__(self, salt: str) -> None:
        self._salt = b"envguard fingerprint v1\0" + salt.encode()
        self._known: dict[Secret, str] = {}

    def of(self, secret: Secret) -> str:
        """32 lower-case hexadecimal digits."""
        known = self._known.get(secret)
        if known is None:
            known = self._known[secret] = self._derive(secret.reveal())
        return known

    def _derive(self, value: str) -> str:
        # These load OpenSSL: 3 ms of a scan without findings.
        import hashlib  # noqa: PLC0415
        import hmac  # noqa: PLC0415

        content = value.encode("utf-8", "surrogateescape")
        if bits(value) < WEAK_BITS:
            content = hashlib.scrypt(
                content, salt=self._salt, n=_COST, r=_BLOCK, p=_PARALLEL, dklen=32
            )
        return hmac.digest(self._salt, content, "sha256")[:_SIZE].hex()


def bits(value: str) -> float:
    """An estimate of how many bits it takes to guess a value: words count for little."""
    words, rest = "".join(_WORD.findall(value)), _WORD.sub("", value)
    return entropy(rest) * len(rest) + min(entropy(words), _WORD_BITS) * len(words)
