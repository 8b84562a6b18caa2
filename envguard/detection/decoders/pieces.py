"""Where the encoded piece around a hit begins and ends, at a cost that grows with the piece."""

from __future__ import annotations

import re

MOST = 1 << 20
"""Bytes of a piece after the hit; what is longer is read in several."""

BEFORE = 1 << 14
"""Bytes of a piece before the hit: more than any rule's span."""

_STEPS = (1 << 9, 1 << 13)
_WRAPPED_AFTER = 1 << 16  # the same of one that is wrapped: to find its lines costs more
_WRAPPED = 32  # bytes: lines of encoded text that go on in the next one are longer
_MARGIN = 80  # bytes of a line break with what indents the next line
_AFTER = re.compile(rb"\r?\n[ \t]*")
_BEFORE = re.compile(_AFTER.pattern + rb"\Z")


def run(text: bytes, at: int, low: int, alphabet: bytes, before: int = BEFORE) -> tuple[int, int]:
    """The run of bytes of `alphabet` around the place `at`; it begins at `low` or later, and no
    more than `before` bytes earlier."""
    return _left(text, at, max(low, at - before), alphabet), _right(text, at, alphabet)


def wrapped(
    text: bytes, line: tuple[int, int], low: int, alphabet: bytes
) -> tuple[int, int] | None:
    """The run with the lines before and after, where it is a line of a text that is wrapped into
    lines; None where it is not."""
    start, end = line
    hit = end
    before = _line_before(text, start, low, alphabet)
    width = max(end - start, before[1] - before[0] if before else 0)
    if width < _WRAPPED:
        return None
    # The last line may be shorter than the others, and something may stand before the first.
    while before is not None and hit - start < BEFORE:
        start = before[0]
        if before[1] - before[0] != width:
            break
        before = _line_before(text, start, low, alphabet)
    last = line[1] - line[0]
    while last == width and end - hit < _WRAPPED_AFTER:
        after = _line_after(text, end, alphabet)
        if after is None or after[1] - after[0] > width:
            break
        end, last = after[1], after[1] - after[0]
    return (start, end) if (start, end) != line else None


def _line_before(text: bytes, start: int, low: int, alphabet: bytes) -> tuple[int, int] | None:
    """The run that ends the line before, where nothing but blanks stands between."""
    margin = text[max(low, start - _MARGIN) : start]
    found = _BEFORE.search(margin)
    if found is None:
        return None
    end = start - len(margin) + found.start()
    begin = _left(text, end, max(low, end - BEFORE), alphabet)
    return (begin, end) if begin < end else None


def _line_after(text: bytes, end: int, alphabet: bytes) -> tuple[int, int] | None:
    found = _AFTER.match(text[end : end + _MARGIN])
    if found is None:
        return None
    begin = end + found.end()
    stop = _right(text, begin, alphabet)
    return (begin, stop) if stop > begin else None


def _left(text: bytes, at: int, low: int, alphabet: bytes) -> int:
    for step in _STEPS:
        part = text[max(low, at - step) : at]
        left = len(part.rstrip(alphabet))
        if left:
            return at - len(part) + left
    part = text[low:at]
    return low + len(part.rstrip(alphabet))


def _right(text: bytes, at: int, alphabet: bytes) -> int:
    for step in (*_STEPS, MOST):
        part = text[at : at + step]
        rest = len(part.lstrip(alphabet))
        if rest:
            break
    return at + len(part) - rest
