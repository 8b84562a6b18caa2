"""What a service with one value a secret offers: Google Secret Manager, Azure Key Vault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from envguard.backends.service.notes import Notes
from envguard.core.backend import Metadata, Right, Version
from envguard.core.secret import Secret
from envguard.core.writes import Write, remembered


class Fetched(NamedTuple):
    """A value and its version; `expires_at` where the service tells it with the value."""

    value: Secret
    expires_at: str | None = None
    version: str = ""


class Known(NamedTuple):
    """What a service tells of a secret without its value. `version` is the number of its last
    version, 0 where unknown, and `ids` are the names of versions there by their numbers; `writes`
    are those that are remembered. `raw` is what the service itself said."""

    version: int
    created: str
    updated: str
    notes: Notes
    writes: tuple[Write, ...] = ()
    ids: Mapping[int, str] = MappingProxyType({})
    raw: Mapping[str, Any] = MappingProxyType({})

    def metadata(self, name: str) -> Metadata:
        """What is shown of it under a name."""
        return Metadata(name, self.version, self.created, self.updated, *self.notes[1:])


class Vendor(Protocol):
    """The calls of one service. A path is the full name of a secret there. Each raises
    BackendError, which names the permission and the secret where it was refused."""

    name: str
    most_bytes: int
    keeps_empty: bool
    workers: int

    def fetch(self, path: str, version: str | None) -> Fetched | None:
        """A value, of the current version where None; None where it is not there."""
        ...

    def expiries(self) -> Mapping[str, str]:
        """The dates of expiry by path, where `fetch` does not tell them."""
        ...

    def look(self, path: str) -> Known | None:
        """What is known of a secret; None where it is not there, or was deleted."""
        ...

    def put(
        self,
        path: str,
        value: Secret,
        known: Known | None,
        notes: Notes,
        writes: Mapping[str, Secret],
    ) -> str:
        """Writes a value and its notes over what `look` found, remembers the tokens of `writes`
        with what each was for, and returns the version."""
        ...

    def note(self, path: str, known: Known, notes: Notes) -> None:
        """Writes the notes alone."""
        ...

    def version(self, path: str) -> str | None:
        """The version in force; None where it is not there."""
        ...

    def between(self, path: str, known: Known, base: str, written: str) -> str | None:
        """The last version that others wrote before `written`, the one in force, and after `base`,
        at which `known` was all there was; None where there is none."""
        ...

    def versions(self, path: str) -> Sequence[Version]:
        """Every version that can be read, oldest first."""
        ...

    def remove(self, path: str) -> bool:
        """Deletes a secret so that it can be restored; False where it was not there."""
        ...

    def under(self, start: str) -> Iterable[tuple[str, Known]]:
        """Every secret whose path begins so, deleted ones left out."""
        ...

    def rights(self, path: str, *, write: bool) -> Sequence[Right]:
        """What the caller may do, tried at a path where nothing is."""
        ...


def of_version(writes: Mapping[str, Secret], version: int) -> tuple[Write, ...]:
    """What is remembered of the writes, by token, that made a version."""
    return tuple(remembered((), value, token, version)[0] for token, value in writes.items())
