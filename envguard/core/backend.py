"""The seam to every place where secrets live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Flag, auto
from typing import NamedTuple, Protocol, runtime_checkable

from envguard.core.errors import BackendError
from envguard.core.reference import Reference
from envguard.core.secret import Secret


class Capability(Flag):
    """What a backend can do."""

    READ = auto()
    WRITE = auto()
    DELETE = auto()
    LIST = auto()
    VERSIONS = auto()
    METADATA = auto()
    ROTATE = auto()


class Metadata(NamedTuple):
    """What is known of a secret without its value. Times are ISO 8601 in UTC. `version` is 0 where
    the versions of a service are no numbers."""

    name: str
    version: int
    created: str
    updated: str
    description: str = ""
    category: str = "other"
    tags: tuple[str, ...] = ()
    expires_at: str | None = None
    rotate_every: str | None = None


class About(NamedTuple):
    """What is said about a secret. None leaves what there is; an empty text takes it away.

    `expires_at` is ISO 8601 in UTC, `rotate_every` a number of days such as `90d`.
    """

    description: str | None = None
    category: str | None = None
    tags: tuple[str, ...] | None = None
    expires_at: str | None = None
    rotate_every: str | None = None


class UnreadableError(BackendError):
    """Some references can be read by nobody, whatever the backend holds: `problems` says why, and
    `values` are those of the others that are there."""

    def __init__(
        self, problems: Mapping[Reference, BackendError], values: Mapping[Reference, Secret]
    ) -> None:
        first = next(iter(problems.values()))
        told = dict.fromkeys(problem.what for problem in problems.values())
        super().__init__("; ".join(told), first.hint)
        self.problems = problems
        self.values = values


class Backend(Protocol):
    """A place where secrets live. Value, absence and failure are three outcomes, never mixed:
    a read leaves an absent key out of its result and raises BackendError on failure."""

    @property
    def capabilities(self) -> Capability:
        """What this backend can do."""
        ...

    def locate(self, key: str) -> Reference:
        """The reference under which `key` is kept. Pure; raises NameNotAllowed."""
        ...

    def check(self) -> None:
        """Whether it is reachable and allowed; raises BackendError with what to do."""
        ...

    def read(self, refs: Sequence[Reference]) -> Mapping[Reference, Secret]:
        """The values of `refs`, in as few calls as the backend allows. Raises UnreadableError
        where only some of the references are wrong."""
        ...

    def write(self, ref: Reference, value: Secret, *, token: str) -> str:
        """Writes a value and returns its version; the same token again writes nothing."""
        ...

    def delete(self, ref: Reference) -> bool:
        """Deletes; False where it was not there."""
        ...


@runtime_checkable
class Listing(Protocol):
    """A backend with Capability.LIST."""

    def list(self) -> Sequence[Metadata]:
        """Every secret, by name, without values."""
        ...


class Version(NamedTuple):
    """One version of a secret, without its value. `created` is ISO 8601 in UTC."""

    id: str
    created: str


@runtime_checkable
class Versions(Protocol):
    """A backend with Capability.VERSIONS; `read` gives the value of a reference with a version."""

    def current(self, refs: Sequence[Reference]) -> Mapping[Reference, str]:
        """The version in force of each of `refs`; a name that is not there is left out."""
        ...

    def versions(self, ref: Reference) -> Sequence[Version]:
        """Every version of a name that can be read, oldest first; empty where it is not there."""
        ...


@runtime_checkable
class Described(Protocol):
    """A backend with Capability.METADATA."""

    def describe(
        self, ref: Reference, about: About, value: Secret | None = None, *, token: str = ""
    ) -> Metadata | None:
        """Writes what is said about a secret, and with it its value, where one is given, in one
        step; what is known of it afterwards. None where it is not there and no value is given."""
        ...


@runtime_checkable
class Rotating(Protocol):
    """A backend that makes new values itself, with Capability.ROTATE."""

    def rotate(self, ref: Reference) -> str:
        """Starts the service's own rotation of a secret; what it said."""
        ...


class Right(NamedTuple):
    """Whether this caller may do one thing (`read`, `write`, `list`, `delete`). `allowed` is None
    where only a trial can tell. `line` is what gives the right: a line of the service's policy,
    or a command to type."""

    name: str
    allowed: bool | None
    line: str


@runtime_checkable
class Checked(Protocol):
    """A backend that can tell what its caller may do there."""

    def rights(self, *, write: bool = False) -> Sequence[Right]:
        """What the caller may do, without a change to anything; with `write` also by making a
        secret of its own and removing it again. Raises BackendError where nothing can be asked
        (no credentials, nobody there)."""
        ...


@runtime_checkable
class Batch(Protocol):
    """A backend that writes and deletes many names in fewer calls than one each."""

    def write_all(
        self, values: Mapping[Reference, Secret], *, token: str
    ) -> Mapping[Reference, str]:
        """Writes every value as `write` does, under one token; returns the versions."""
        ...

    def delete_all(self, refs: Sequence[Reference]) -> None:
        """Deletes every name that is there."""
        ...
