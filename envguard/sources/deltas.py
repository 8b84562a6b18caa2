"""Texts that are stored as changes of others.

The format: https://git-scm.com/docs/gitformat-pack ("Deltified representation").
"""

from __future__ import annotations

from types import BuiltinFunctionType

from dulwich.errors import ApplyDeltaError
from dulwich.pack import apply_delta

from envguard.core.document import LARGE

IS_FAST = isinstance(apply_delta, BuiltinFunctionType)
"""Whether dulwich's compiled part is here; its Python twin is slower than a pipe from git."""


class TooLargeError(Exception):
    """The text takes LARGE bytes or more."""


def changed(base: bytes, delta: bytes) -> bytes:
    """The text that a change makes of `base`. Raises TooLargeError and ApplyDeltaError."""
    if _size(delta) >= LARGE:
        raise TooLargeError
    pieces = apply_delta(base, delta)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _size(delta: bytes) -> int:
    """The size of the result: the second of two numbers, in groups of 7 bits."""
    try:
        first = 0
        while delta[first] & 128:
            first += 1
        last = first = first + 1
        while delta[last] & 128:
            last += 1
    except IndexError:
        raise ApplyDeltaError("the sizes are cut off") from None
    size = 0
    for byte in reversed(delta[first : last + 1]):
        size = size << 7 | byte & 127
    return size
