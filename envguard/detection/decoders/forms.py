"""How a piece of text looks when it is encoded: the same piece as sets of bytes, in base64 at each
of its three alignments, and in hex.

Base64 is RFC 4648, sections 4 and 5; hex its section 8.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product

from envguard.detection.decoders.prefixes import Bytes, runs

_STANDARD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_FOR_URLS = _STANDARD[:-2] + b"-_"
_LETTERS = [frozenset({a, b}) for a, b in zip(_STANDARD, _FOR_URLS, strict=True)]
_DIGITS = [frozenset({f"{n:x}".encode()[0], f"{n:X}".encode()[0]}) for n in range(16)]
_ANY = frozenset(range(256))

# Four letters say 24 bits, which a file of base64 holds by chance every 16 MB.
_LEAST = 4
_WANTED = 5
_LONGEST = 8  # what the matcher looks for at once
_MOST = 64  # texts for one form


def in_base64(text: Bytes) -> Iterator[Bytes]:
    """The forms of a piece in base64: whole groups of four letters."""
    for before in range(3):
        padded = (_ANY,) * before + text + (_ANY,) * ((-before - len(text)) % 3)
        letters: Bytes = ()
        for at in range(0, len(padded), 3):
            letters += _group(padded[at], padded[at + 1], padded[at + 2])
        yield letters


@cache
def _group(first: frozenset[int], second: frozenset[int], third: frozenset[int]) -> Bytes:
    """The four letters of three bytes."""
    indices = (
        {a >> 2 for a in first},
        {low << 4 | high for low in {a & 3 for a in first} for high in {b >> 4 for b in second}},
        {low << 2 | high for low in {b & 15 for b in second} for high in {c >> 6 for c in third}},
        {c & 63 for c in third},
    )
    return tuple(frozenset().union(*(_LETTERS[i] for i in found)) for found in indices)


def in_hex(text: Bytes) -> Bytes:
    """The form of a piece in hex, of both cases."""
    digits: list[frozenset[int]] = []
    for place in text:
        digits.append(frozenset().union(*(_DIGITS[byte >> 4] for byte in place)))
        digits.append(frozenset().union(*(_DIGITS[byte & 15] for byte in place)))
    return tuple(digits)


def literals(
    form: Bytes, wanted: int = _WANTED, longest: int = _LONGEST
) -> tuple[int, list[bytes]]:
    """The texts of which each encoded piece holds one, and how many places after them the form
    ends; none where they would be too short, and so too common, or too many."""
    start, end = max(runs(form), key=lambda run: run[1] - run[0], default=(0, 0))
    end = min(end, start + longest)
    count = 1
    while end - start < wanted:
        left = len(form[start - 1]) if start else _MOST + 1
        right = len(form[end]) if end < len(form) else _MOST + 1
        count *= min(left, right)
        if count > _MOST:
            break
        start, end = (start - 1, end) if left < right else (start, end + 1)
    if end - start < _LEAST:
        return 0, []
    texts = [bytes(text) for text in product(*(sorted(place) for place in form[start:end]))]
    return len(form) - end, texts
