"""What finds candidates in documents: a detector, or one that looks for known values as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from envguard.core.document import Document
from envguard.core.rule import Rule

if TYPE_CHECKING:
    from envguard.detection.detector import Candidate


class Finder(Protocol):
    """The seam between rules and scans."""

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules that candidates are of."""
        ...

    @property
    def identity(self) -> str:
        """What tells these rules from others."""
        ...

    def candidates(self, document: Document) -> list[Candidate]:
        """The candidates of a document, in order."""
        ...
