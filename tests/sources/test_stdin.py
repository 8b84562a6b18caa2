"""Standard input: whole where it is small, in pieces where it is large."""

from __future__ import annotations

from io import BytesIO

import pytest

from envguard.core.document import LARGE, Document, Large
from envguard.core.finding import Coverage
from envguard.sources.reading import PIECE
from envguard.sources.stdin import read


def test_standard_input_is_a_document_under_the_given_path() -> None:
    coverage = Coverage()
    assert read(BytesIO(b"a\0b\n"), "patch.diff", coverage) == Document("patch.diff", b"a\0b\n")
    assert (coverage.files, coverage.bytes) == (1, 4)


@pytest.mark.parametrize("more", [0, 1, PIECE, PIECE + 1])
def test_large_input_comes_in_pieces_that_are_counted_as_they_come(more: int) -> None:
    text, coverage = bytes(LARGE - 1) + b"x" * (more + 1), Coverage()
    document = read(BytesIO(text), "large", coverage)
    assert isinstance(document, Large)
    assert (document.path, coverage.files, coverage.bytes) == ("large", 1, 0)
    assert b"".join(document.pieces) == text
    assert coverage.bytes == len(text)
