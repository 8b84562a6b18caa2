"""A file whose values can be read, and which is never written: its own tool, or a cluster, reads
it, and would take a reference for the value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from envguard.core.envfile import Entry
from envguard.core.errors import UsageError


class UntouchedDocument(NamedTuple):
    """`content` is the file as it stands, `entries` what it means; `problems` say, each with its
    place, what cannot be read."""

    path: str
    content: bytes
    entries: tuple[Entry, ...]
    problems: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"UntouchedDocument({self.path!r})"

    def render(self) -> bytes:
        """The file's bytes, always."""
        return self.content

    def require_clean(self) -> None:
        """Raises UsageError with the first of the problems, where there are any."""
        if self.problems:
            raise UsageError(self.problems[0], "correct it, or leave it to its own tool")

    def replace_all(self, values: Mapping[int, str]) -> UntouchedDocument:
        """The same document. Raises LookupError for a line that holds no entry."""
        unknown = values.keys() - {entry.line for entry in self.entries}
        if unknown:
            raise LookupError(f"{self.path} has no entry on line {min(unknown)}")
        return self
