"""The pieces of an expression over bytes, and how Hyperscan writes them.

https://intel.github.io/hyperscan/dev-reference/compilation.html#pattern-support
"""

from __future__ import annotations

from collections.abc import Sequence

_MANY = 8192  # bytes: what stands for no bound
_TAIL = 40  # repetitions that are looked for at an end; more of them say no more


class Piece:
    """Something that takes up at least `least` and at most `most` bytes."""

    least: int
    most: int

    def text(self, *, head: bool, tail: bool) -> str:
        """As Hyperscan writes it; shortened where it is the first or the last piece."""
        raise NotImplementedError


class Letter(Piece):
    """One byte; with `folds`, in either case."""

    def __init__(self, byte: int, folds: bool) -> None:
        self.byte = byte
        self.folds = folds
        self.least = self.most = 1

    def text(self, *, head: bool, tail: bool) -> str:  # noqa: ARG002 - as the others
        plain = chr(self.byte) if self.byte < 0x80 and chr(self.byte).isalnum() else ""
        return f"(?i:{plain})" if self.folds else plain or f"\\x{self.byte:02x}"


class Class(Piece):
    """One of some bytes; a character of it takes up `most` of them."""

    def __init__(self, bytes: frozenset[int], most: int) -> None:
        self.bytes = bytes
        self.least = 1
        self.most = most

    def text(self, *, head: bool, tail: bool) -> str:
        more = f"{{1,{self.most}}}" if self.most > 1 and not (head or tail) else ""
        return self.byte() + more

    def byte(self) -> str:
        """One byte of it."""
        runs: list[list[int]] = []
        for byte in sorted(self.bytes):
            if runs and runs[-1][1] == byte - 1:
                runs[-1][1] = byte
            else:
                runs.append([byte, byte])
        inside = (f"\\x{a:02x}" if a == b else f"\\x{a:02x}-\\x{b:02x}" for a, b in runs)
        return f"[{''.join(inside)}]"


class Repeat(Piece):
    """Some pieces, `low` to `high` times; no `high`: without a bound."""

    def __init__(self, inside: tuple[Piece, ...], low: int, high: int | None) -> None:
        self.inside = inside
        self.low = low
        self.high = high
        self.least = low * sum(piece.least for piece in inside)
        most = sum(piece.most for piece in inside)
        self.most = _MANY if high is None else min(most * high, _MANY)

    def text(self, *, head: bool, tail: bool) -> str:
        alone = self.inside[0] if len(self.inside) == 1 else None
        unit = alone.byte() if isinstance(alone, Class) else f"(?:{_written(self.inside)})"
        if head or tail:
            low = min(self.low, _TAIL)
            return unit if low == 1 else f"{unit}{{{low}}}"
        most = alone.most if isinstance(alone, Class) else 1
        if self.high is None:
            return f"{unit}{{{self.low},}}"
        high = self.high * most
        return f"{unit}{{{self.low}}}" if high == self.low else f"{unit}{{{self.low},{high}}}"


class Either(Piece):
    """One of several sequences."""

    def __init__(self, branches: tuple[tuple[Piece, ...], ...]) -> None:
        self.branches = branches
        self.least = min(sum(piece.least for piece in branch) for branch in branches)
        self.most = min(max(sum(piece.most for piece in branch) for branch in branches), _MANY)

    def text(self, *, head: bool, tail: bool) -> str:
        written = (_written(branch, head=head, tail=tail) for branch in self.branches)
        return f"(?:{'|'.join(dict.fromkeys(written))})"


class Gap(Piece):
    """Anything."""

    def __init__(self, least: int, most: int) -> None:
        self.least = least
        self.most = most

    def text(self, *, head: bool, tail: bool) -> str:
        raise NotImplementedError


def render(sequence: Sequence[Piece]) -> str:
    """A sequence as Hyperscan writes it, shortened at both of its ends."""
    return _written(sequence, head=True, tail=True)


def reach(sequence: Sequence[Piece]) -> int:
    """How many bytes may stand before the end of what `render` gives, from where a match of the
    whole sequence begins: its last piece is shortened there."""
    pieces = list(sequence)
    while pieces and not pieces[-1].least:
        del pieces[-1]
    last = pieces.pop()
    return sum(piece.most for piece in pieces) + _shortened(last)


def _shortened(piece: Piece) -> int:
    if isinstance(piece, Repeat):
        return min(piece.low, _TAIL) * sum(inner.most for inner in piece.inside)
    if isinstance(piece, Either):
        return max(reach(branch) for branch in piece.branches if any(p.least for p in branch))
    return piece.most


def _written(sequence: Sequence[Piece], *, head: bool = False, tail: bool = False) -> str:
    pieces = list(sequence)
    while head and pieces and not pieces[0].least:
        del pieces[0]
    while tail and pieces and not pieces[-1].least:
        del pieces[-1]
    last = len(pieces) - 1
    return "".join(
        piece.text(head=head and number == 0, tail=tail and number == last)
        for number, piece in enumerate(pieces)
    )
