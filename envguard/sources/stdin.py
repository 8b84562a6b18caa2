"""Standard input as a document."""

from __future__ import annotations

from typing import BinaryIO

from envguard.core.document import Document


def read(stream: BinaryIO, name: str) -> Document:
    """Everything that `stream` gives until its end, under the path `name`."""
    return Document(path=name, text=stream.read())
