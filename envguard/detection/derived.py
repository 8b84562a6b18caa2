"""What the matcher looks for, for an expression that was not written for it.

Rules of other tools come without an anchor. It is derived here from their expression: a part of
it that stands inside each of its matches, in Hyperscan's syntax and over bytes, without what the
matcher has no use for (places, optional beginnings, long ends) or cannot say (back references,
lookarounds). It may match more than the expression does, never less.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from envguard.detection.expressions import LONGEST, has_gap, read
from envguard.detection.pieces import Class, Either, Gap, Letter, Piece, Repeat, reach, render

_LONG = 512  # bytes: repeated more often, it may be far from one end to the other
_SMALL = 4  # bytes of a class that the matcher takes for as many literals
_ENOUGH = 8  # a literal of so many bytes is as good as a longer one


class Anchor(NamedTuple):
    """`expressions` are what can be looked for, the best first; each stands inside every match.

    `strength` is the length of the literal that the best one holds. A match begins at most
    `before` bytes before the end of what was found there, and ends at most `after` bytes after
    it; `far`: its end may be some lines away.
    """

    expressions: tuple[str, ...]
    strength: int
    before: int
    after: int
    far: bool


def derive(pattern: str, flags: int = 0) -> Anchor:
    """The anchor for an expression of Python's `re` on text. Raises ValueError for one that
    matches nothing at all, or holds nothing that could be looked for."""
    sequence = read(pattern, flags)
    parts = sorted(_parts(sequence), key=_worth, reverse=True)
    found = [text for part in parts if (text := render(part.pieces))]
    literals = [run for part in parts for run in _literals(part.pieces)]
    found += [render(run) for run in sorted(literals, key=len, reverse=True)[:1] if len(run) >= 3]
    if not found:
        raise ValueError("it holds nothing that could be looked for")
    best, most = parts[0], min(_most(sequence), LONGEST)
    return Anchor(
        expressions=tuple(dict.fromkeys(found)),
        strength=_strength(best.pieces),
        before=min(best.before + reach(best.pieces), most),
        after=min(_most(best.pieces) + best.after, most),
        far=_is_far(sequence),
    )


class _Part(NamedTuple):
    """Pieces without a gap, and how many bytes stand before and after them at most."""

    pieces: list[Piece]
    before: int
    after: int


def _most(sequence: Sequence[Piece]) -> int:
    return sum(piece.most for piece in sequence)


def _worth(part: _Part) -> tuple[int, int]:
    """How good a part is to look for: by its longest literal, then by its length."""
    return min(_strength(part.pieces), _ENOUGH), sum(piece.least for piece in part.pieces)


def _strength(part: Sequence[Piece]) -> int:
    best = run = 0
    for piece in part:
        size = _literal_size(piece)
        if isinstance(piece, Either):
            # Python takes out what all branches begin with.
            best = max(best, run + min(_leading(branch) for branch in piece.branches))
            best = max(best, min(_strength(branch) for branch in piece.branches))
        elif isinstance(piece, Repeat) and piece.low:
            best = max(best, _strength(piece.inside))
        run = run + size if size else 0
        best = max(best, run)
    return best


def _leading(part: Sequence[Piece]) -> int:
    """How long the literal is that a part begins with."""
    size = 0
    for piece in part:
        here = _literal_size(piece)
        if not here:
            break
        size += here
    return size


def _literal_size(piece: Piece) -> int:
    """How many bytes of a literal a piece is; a class of a few bytes is as good as one."""
    if isinstance(piece, Letter) or (isinstance(piece, Class) and len(piece.bytes) <= _SMALL):
        return 1
    if isinstance(piece, Repeat) and len(piece.inside) == 1 and piece.low == piece.high:
        return piece.low * _literal_size(piece.inside[0])
    return 0


def _literals(part: Sequence[Piece]) -> list[list[Piece]]:
    runs: list[list[Piece]] = [[]]
    for piece in part:
        if isinstance(piece, Letter):
            runs[-1].append(piece)
        else:
            runs.append([])
    return [run for run in runs if run]


def _parts(sequence: Sequence[Piece]) -> list[_Part]:
    """The parts between gaps, each without what may be absent at its ends."""
    parts: list[_Part] = []
    current: list[Piece] = []
    whole, passed = _most(sequence), 0

    def close() -> None:
        before = passed - _most(current)
        parts.append(_Part(list(current), before, whole - passed))
        current.clear()

    for piece in sequence:
        if isinstance(piece, Gap):
            close()
        elif has_gap([piece]):
            close()
            alone = _alone(piece)
            if alone is not None:
                # Where in the piece it stands is not known.
                size = _most([alone])
                before = passed + piece.most - size
                parts.append(_Part([alone], before, whole - passed - size))
        else:
            current.append(piece)
        passed += piece.most
    close()
    return [part for part in map(_bare, parts) if part.pieces]


def _alone(piece: Piece) -> Piece | None:
    """Of each branch what stands between its gaps; None where one of them has nothing there."""
    if not isinstance(piece, Either):
        return None
    chosen = [max(_parts(branch), key=_worth, default=None) for branch in piece.branches]
    whole = [tuple(part.pieces) for part in chosen if part is not None]
    return Either(tuple(whole)) if len(whole) == len(chosen) else None


def _bare(part: _Part) -> _Part:
    pieces, before, after = part
    while pieces and not pieces[0].least:
        before += pieces[0].most
        pieces = pieces[1:]
    while pieces and not pieces[-1].least:
        after += pieces[-1].most
        pieces = pieces[:-1]
    return _Part(pieces, before, after)


def _is_far(sequence: Sequence[Piece]) -> bool:
    """Whether a match may go on over many lines."""
    return has_gap(sequence) or any(
        (isinstance(piece, Either) and any(_is_far(branch) for branch in piece.branches))
        or (isinstance(piece, Repeat) and piece.most > _LONG and _has_lines(piece.inside))
        for piece in sequence
    )


def _has_lines(sequence: Sequence[Piece]) -> bool:
    return any(
        (isinstance(piece, Class) and 10 in piece.bytes)
        or (isinstance(piece, Letter) and piece.byte == 10)
        or (isinstance(piece, Repeat) and _has_lines(piece.inside))
        or (isinstance(piece, Either) and any(_has_lines(branch) for branch in piece.branches))
        for piece in sequence
    )
