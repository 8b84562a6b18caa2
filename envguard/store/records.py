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
    """The store itself. `store`, `digest` and `trail` are hexadecimal; `root` is the root key's
    id, `home` where that key is kept, and `wrapped` the key under a passphrase, where that is its
    home; `retired` are earlier keys, sealed, in the same case. `generation` counts the writes;
    `namespaces` and `digest` are over all rows of namespaces; `encryptions` is what the store's
    own keys have done. `chain` is the key of the trail's chain, sealed; `lines` and `trail` say
    how many lines it has, and its last link."""

    store: str
    root: str
    digest: str
    home: str = "file"
    format: int = FORMAT
    generation: int = 0
    namespaces: int = 0
    encryptions: int = 0
    wrapped: str = ""
    retired: tuple[str, ...] = ()
    chain: str = ""
    lines: int = 0
    trail: str = ""


class Space(NamedTuple):
    """A namespace. `encryptions` is what its keys have done in all, so that none of them did
    more."""

    generation: int = 0
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
            tags=self.tags,
            expires_at=self.expires_at,
            rotate_every=self.rotate_every,
        )


class Written(NamedTuple):
    """What is kept beside each version of a value."""

    created: str


class Line(NamedTuple):
    """One line of the trail: when, who, from where (host and folder), what, in which namespace,
    and to which secrets; `detail` is what else there is to say."""

    time: str
    actor: str
    place: str
    action: str
    namespace: str
    names: tuple[str, ...] = ()
    detail: str = ""


Record = TypeVar("Record", Root, Space, Head, Written, Line)


def encode(record: Root | Space | Head | Written | Line) -> bytes:
    """The record as JSON."""
    return json.dumps(record._asdict(), separators=(",", ":")).encode("ascii")


def decode(kind: type[Record], data: bytes) -> Record:
    """The record that authenticated bytes say. Raises NewerFormatError."""
    try:
        fields: dict[str, Any] = json.loads(data)
        lists = {field: tuple(said) for field, said in fields.items() if isinstance(said, list)}
        return kind(**fields | lists)
    except (AttributeError, TypeError, ValueError):
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
