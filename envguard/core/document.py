"""The unit of a scan: one text and where it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

LARGE = 16 << 20
"""Bytes from which on a content is not held in memory as a whole."""


class Document(NamedTuple):
    """One content to look into.

    `path` is relative to the scanned root, with `/`, bytes that are no UTF-8 as surrogate
    escapes; it is empty where no path is known yet (a blob of the object store). `text` is the
    raw content. `blob` is git's object id where the content has one, `commit` the commit that
    it belongs to where that is known.
    """

    path: str
    text: bytes
    blob: str | None = None
    commit: str | None = None


class Large(NamedTuple):
    """One content of LARGE bytes or more, as pieces of any size that can be taken once."""

    path: str
    pieces: Iterable[bytes]
    blob: str | None = None
    commit: str | None = None
