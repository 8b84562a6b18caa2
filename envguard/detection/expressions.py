"""An expression of Python's `re` on text, as pieces over bytes."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

from envguard.detection.pieces import Class, Either, Gap, Letter, Piece, Repeat

if sys.version_info >= (3, 11):
    from re import _constants as words
    from re import _parser as parser
else:
    import sre_constants as words
    import sre_parse as parser

LONGEST = 8192
"""Bytes that a match takes up at most where its expression sets no bound."""

_EVERY_BYTE = frozenset(range(256))
_HIGH = frozenset(range(0x80, 256))  # bytes of characters beyond ASCII
_MOST_BYTES = 4  # of one character
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_DIGIT = frozenset(b"0123456789")
_SPACE = frozenset(b"\t\n\v\f\r \x1c\x1d\x1e\x1f")
_CATEGORIES = {
    words.CATEGORY_DIGIT: _DIGIT,
    words.CATEGORY_SPACE: _SPACE,
    words.CATEGORY_WORD: _WORD,
}
_NOT_CATEGORIES = {
    words.CATEGORY_NOT_DIGIT: _DIGIT,
    words.CATEGORY_NOT_SPACE: _SPACE,
    words.CATEGORY_NOT_WORD: _WORD,
}
_WIDE = 80  # a class of so many ASCII characters says next to nothing
_FAR = 32  # more of them than this in a row are a gap


def read(pattern: str, flags: int = 0) -> list[Piece]:
    """The pieces of an expression, in order; groups are dissolved, places left out. Raises
    ValueError for one that Python refuses."""
    try:
        tree = parser.parse(pattern, flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from None
    return _Reader(tree.state.flags).sequence(tree)


def has_gap(sequence: Sequence[Piece]) -> bool:
    """Whether anything may stand somewhere in a sequence."""
    return any(
        isinstance(piece, Gap)
        or (isinstance(piece, Either) and any(has_gap(branch) for branch in piece.branches))
        or (isinstance(piece, Repeat) and has_gap(piece.inside))
        for piece in sequence
    )


class _Reader:
    """Reads the tree that Python's own parser makes of an expression."""

    def __init__(self, flags: int) -> None:
        self._flags = flags

    def sequence(self, tree: Any) -> list[Piece]:
        """The pieces of a tree, in order; groups are dissolved."""
        pieces: list[Piece] = []
        for kind, value in tree:
            pieces += self._pieces(kind, value)
        return pieces

    def _pieces(self, kind: Any, value: Any) -> list[Piece]:
        folds = bool(self._flags & re.IGNORECASE)
        if kind is words.LITERAL:
            return _letters(value, folds)
        if kind is words.NOT_LITERAL:
            return [Class(_EVERY_BYTE - _folded({value}, folds), _MOST_BYTES)]
        if kind is words.ANY:
            dot_all = self._flags & re.DOTALL
            return [Class(_EVERY_BYTE - (frozenset() if dot_all else {10}), _MOST_BYTES)]
        if kind is words.IN:
            return [_class(value, folds)]
        if kind is words.BRANCH:
            return [_either([self.sequence(branch) for branch in value[1]])]
        if kind is words.SUBPATTERN:
            _, added, removed, inside = value
            return self._under(added, removed, inside)
        if kind in (words.MAX_REPEAT, words.MIN_REPEAT, getattr(words, "POSSESSIVE_REPEAT", None)):
            low, high, inside = value
            return _repeated(self.sequence(inside), low, None if high == words.MAXREPEAT else high)
        if kind is getattr(words, "ATOMIC_GROUP", None):
            return self.sequence(value)
        if kind in (words.AT, words.ASSERT, words.ASSERT_NOT):
            return []
        return [Gap(0, LONGEST)]  # back references, conditions

    def _under(self, added: int, removed: int, inside: Any) -> list[Piece]:
        before = self._flags
        self._flags = (before | added) & ~removed
        try:
            return self.sequence(inside)
        finally:
            self._flags = before


def _letters(code: int, folds: bool) -> list[Piece]:
    character = chr(code)
    if folds and not character.isascii():
        return [Class(_HIGH, _MOST_BYTES)]  # the other case has other bytes
    encoded = character.encode("utf-8", "surrogatepass")
    return [Letter(byte, folds and character.isalpha()) for byte in encoded]


def _folded(codes: set[int] | frozenset[int], folds: bool) -> frozenset[int]:
    ascii_codes = {code for code in codes if code < 0x80}
    if folds:
        letters = {chr(code) for code in ascii_codes}
        ascii_codes |= {ord(c) for letter in letters for c in (letter.lower(), letter.upper())}
    return frozenset(ascii_codes)


def _class(items: Any, folds: bool) -> Class:
    inside: set[int] = set()
    negated = beyond = False
    for kind, value in items:
        if kind is words.NEGATE:
            negated = True
        elif kind is words.LITERAL:
            inside.add(value)
        elif kind is words.RANGE:
            inside.update(range(value[0], min(value[1], 0x80) + 1))
            beyond |= value[1] >= 0x80
        elif value in _CATEGORIES:
            inside |= _CATEGORIES[value]
            beyond = True  # in Unicode, which the flags may or may not turn off
        else:
            inside |= frozenset(range(0x80)) - _NOT_CATEGORIES[value]
            beyond = True
    beyond |= any(code >= 0x80 for code in inside)
    chosen = _folded(inside, folds)
    if negated:
        return Class(_EVERY_BYTE - chosen, _MOST_BYTES)
    return Class(chosen | _HIGH, _MOST_BYTES) if beyond else Class(chosen, 1)


def _is_wide(piece: Piece) -> bool:
    return isinstance(piece, Class) and len(piece.bytes - _HIGH) >= _WIDE


def _either(branches: list[list[Piece]]) -> Piece:
    return Either(tuple(tuple(branch) for branch in branches))


def _repeated(inside: list[Piece], low: int, high: int | None) -> list[Piece]:
    if not inside:
        return []
    wide = [piece for piece in inside if _is_wide(piece)]
    if has_gap(inside) or (wide and (high is None or high - low > _FAR)):
        most = sum(piece.most for piece in inside)
        gap = Gap(0, LONGEST if high is None else min(most * high, LONGEST))
        # What is there once at least is looked for by itself.
        return [gap, *inside, Gap(0, 0)] if low else [gap]
    if low == high == 1:
        return inside
    return [Repeat(tuple(inside), low, high)]
