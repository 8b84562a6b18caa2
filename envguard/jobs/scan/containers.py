"""What is packed into a content: each member is looked at as a document of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from envguard.core.finding import Coverage, Unseen
from envguard.core.text import printable
from envguard.sources.archives import (
    DEEPEST,
    HEAD,
    ArchiveError,
    Budget,
    Kind,
    LimitError,
    kind_of,
    members,
    peeked,
)

if TYPE_CHECKING:
    from envguard.detection.detector import Candidate

Look = Callable[[Iterable[bytes]], Iterable["Candidate"]]
"""What gives the candidates of a content, as it stands."""


class Opened:
    """One content that is a container, with all that is packed in it.

    `look` gives the candidates of each member; what cannot be looked into is skipped in the
    coverage, under the name of the content and the way to the member.
    """

    def __init__(self, look: Look, path: str, coverage: Coverage) -> None:
        self._look = look
        self._path = path
        self._coverage = coverage
        self._budget = Budget()

    def candidates(self, kind: Kind, pieces: Iterable[bytes]) -> Iterator[Candidate]:
        """The candidates in a container; their lines count inside their members."""
        try:
            yield from self._inside(kind, self._counted(pieces), ())
        except ArchiveError as error:
            self._skip((), str(error))

    def _counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._budget.count(len(piece))
            yield piece

    def _inside(
        self, kind: Kind, pieces: Iterable[bytes], way: tuple[str, ...]
    ) -> Iterator[Candidate]:
        def skip(name: str, reason: str) -> None:
            self._skip((*way, name), reason)

        for name, content in members(kind, pieces, self._budget, skip):
            there = (*way, f"{kind.value}: {name}" if name else kind.value)
            yield from self._member(content, there)

    def _member(self, content: Iterator[bytes], way: tuple[str, ...]) -> Iterator[Candidate]:
        head, pieces = peeked(content, HEAD)
        inner = kind_of(head)
        if inner is None:
            yield from self._named(self._look(pieces), way)
        elif len(way) >= DEEPEST:
            self._skip(way, f"it is packed into more than {DEEPEST} containers")
        else:
            try:
                yield from self._inside(inner, pieces, way)
            except LimitError:
                raise
            except ArchiveError as error:
                self._skip(way, str(error))

    def _named(self, found: Iterable[Candidate], way: tuple[str, ...]) -> Iterator[Candidate]:
        for candidate in found:
            last = (candidate.decoded,) if candidate.decoded else ()
            yield candidate._replace(decoded=printable(", ".join((*way, *last))))

    def _skip(self, way: tuple[str, ...], reason: str) -> None:
        inside = "".join(f"!{step.partition(': ')[2] or step}" for step in way)
        self._coverage.skipped.append(Unseen(f"{self._path}{inside}", reason))
