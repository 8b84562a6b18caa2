"""How much there is to guess in a text."""

from __future__ import annotations

from math import log2


def entropy(value: str) -> float:
    """Shannon's entropy of the characters, in bits per character."""
    counts = [value.count(c) / len(value) for c in set(value)]
    return -sum(p * log2(p) for p in counts)
