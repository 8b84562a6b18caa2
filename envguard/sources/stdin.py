"""Standard input as a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from envguard.core.document import LARGE, Document, Large
from envguard.core.finding import Coverage
from envguard.sources.reading import PIECE


def read(stream: BinaryIO, name: str, coverage: Coverage) -> Document | Large:
    """Everything that `stream` gives until its end, under the path `name`.

    Counts `files` and `bytes`; those of a Large as its pieces are taken.
    """
    text = stream.read(LARGE)
    coverage.files += 1
    if len(text) == LARGE:
        return Large(name, _pieces(text, stream, coverage))
    coverage.bytes += len(text)
    return Document(name, text)


def _pieces(first: bytes, stream: BinaryIO, coverage: Coverage) -> Iterator[bytes]:
    piece = first
    while piece:
        coverage.bytes += len(piece)
        yield piece
        piece = stream.read(PIECE)
