"""What a store writes down, as data: JSON that is authenticated, and encrypted where it names
or describes a secret.

A record with a field that is not known here was written by a newer envguard: it is refused
rather than half understood. A field that is missing has its default.

They are named tuples, because making five dataclasses takes 3 ms of every `envguard run`.
"""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple, TypeVar

from envguard.core.backend import Metadata
from envguard.core.errors import NameNotAllowed
from envguard.store.cipher import FORMAT, ForgedError

NAME_LENGTH = 512
"""Characters of the longest name."""


class NewerFormatError(Exception):
    """The store holds something that only a newer envguard understands."""


class Root(NamedTuple):
    """The store itself. `store` and `digest` are hexadecimal; `key` is the root key's id, `home`
    where that key is kept. `generation` counts the writes; `namespaces` and `digest` are over
    all rows of namespaces; `encryptions` is what the store's own keys have done."""

    store: str
    key: str
    digest: str
    home: str = "file"
    format: int = FORMAT
    generation: int = 0
    namespaces: int = 0
    encryptions: int = 0


class Space(NamedTuple):
    """A namespace. `heads` and `digest` are over all its heads, deleted ones included;
    `encryptions` is what its keys have done in all, so that none of them did more."""

    digest: str = ""
    generation: int = 0
    heads: int = 0
    encryptions: int = 0


class Head(NamedTuple):
    """One secret without its value. The versions `first` to `version` are kept. Times are
    ISO 8601 in UTC; a deleted secret keeps its versions."""

    name: str
    version: int
    created: str
    updated: str
    first: int = 1
    deleted: bool = False
    description: str = ""
    category: str = "other"
    tags: tuple[str, ...] = ()
    expires_at: str | None = None
    rotate_every: str | None = None

    def metadata(self) -> Metadata:
        """What of it is shown."""
        return Metadata(
            name=self.name,
            version=self.version,
            created=self.created,
            updated=self.updated,
            description=self.description,
            category=self.category,
        )


class Written(NamedTuple):
    """What is kept beside each version of a value."""

    created: str


Record = TypeVar("Record", Root, Space, Head, Written)


def encode(record: Root | Space | Head | Written) -> bytes:
    """The record as JSON."""
    return json.dumps(record._asdict(), separators=(",", ":")).encode("ascii")


def decode(kind: type[Record], data: bytes) -> Record:
    """The record that authenticated bytes say. Raises NewerFormatError."""
    try:
        return kind(**json.loads(data))
    except (TypeError, ValueError):
        raise NewerFormatError from None


def peek(data: bytes) -> dict[str, Any]:
    """The fields of a record that is not authenticated yet. Raises ForgedError."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise ForgedError from None
    if not isinstance(found, dict):
        raise ForgedError
    return found


def check_name(name: str) -> str:
    """`name`, where it can be that of a secret: 1 to 512 printable characters without blank,
    `#` or `@`, which end a name in a reference. Raises NameNotAllowed."""
    if not name:
        raise NameNotAllowed("a secret needs a name", "give it one, such as API_KEY")
    if len(name) > NAME_LENGTH:
        raise NameNotAllowed(
            f"a name of {len(name)} characters is too long", f"use at most {NAME_LENGTH}"
        )
    wrong = next((c for c in name if not c.isprintable() or c.isspace() or c in "#@"), None)
    if wrong is not None:
        raise NameNotAllowed(
            f"{name!a} cannot be the name of a secret: it holds {wrong!a}",
            "use letters, digits, and any of _ - . / :",
        )
    return name


def now() -> str:
    """This second, ISO 8601 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
