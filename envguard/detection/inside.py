"""What stands in a text under encodings: found at the hits of the decoders' expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from envguard.detection.decoders.codecs import decode
from envguard.detection.decoders.pieces import BEFORE
from envguard.detection.detector import Placed

LookInto = Callable[[bytes], Sequence[Placed]]
"""What gives the candidates of a decoded text."""

_MOST_KNOWN = 16 << 20  # bytes of pieces, and about 256 for keeping each one
_KEPT = 256


class Memory:
    """What pieces gave once is not looked for again: texts repeat them."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, bytes], Sequence[Placed]] = {}
        self._size = 0

    def look(self, depth: int, piece: bytes, look: LookInto) -> Sequence[Placed]:
        """What `look` gives for a piece at this depth."""
        found = self._known.get((depth, piece))
        if found is None:
            found = look(piece)
            self._size += len(piece) + _KEPT
            if self._size > _MOST_KNOWN:
                self._known.clear()
                self._size = len(piece) + _KEPT
            self._known[depth, piece] = found
        return found


def inside(text: bytes, hits: Iterable[tuple[int, int]], look: LookInto) -> list[Placed]:
    """What stands encoded in the text, apart from each other. `hits` are the kinds
    (`decoders.kinds`) and ends of hits, in order."""
    return _apart(_found(text, hits, look))


def _found(text: bytes, hits: Iterable[tuple[int, int]], look: LookInto) -> Iterator[Placed]:
    done: dict[tuple[int, bool], int] = {}
    for kind, end in hits:
        # First the line alone: the next one may be another piece, of the same length.
        for across in (False, True):
            last = done.get((kind, across), 0)
            if end <= last:
                continue
            # A piece that is longer than may be is read in several, which overlap.
            piece = decode(kind, text, end, max(last - BEFORE, 0), across=across)
            if piece is None:
                # No other hit in the line will be in more of it than the line.
                done[kind, across] = max(end, done.get((kind, False), 0))
                continue
            done[kind, across] = piece.end
            found = look(piece.text)
            for start, stop, candidate in found:
                encoding = f"{piece.encoding}, {candidate.decoded or ''}".rstrip(", ")
                yield Placed(
                    piece.place(start),
                    max(piece.place(stop), piece.place(start) + 1),
                    candidate._replace(decoded=encoding),
                )
            if found:
                break


def _apart(found: Iterable[Placed]) -> list[Placed]:
    """Of those that share bytes the one of the higher confidence, then the first."""
    apart: list[Placed] = []
    for placed in sorted(found, key=_start):
        if not apart or placed.start >= apart[-1].end:
            apart.append(placed)
        elif placed.candidate.rule.confidence > apart[-1].candidate.rule.confidence:
            apart[-1] = placed
    return apart


def _start(placed: Placed) -> int:
    return placed.start
