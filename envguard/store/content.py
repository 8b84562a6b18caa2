"""All that a store holds, in plaintext: what a new key, a backup and a restore carry over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from envguard.store.cipher import Keys, Purpose
from envguard.store.database import Database
from envguard.store.keys import RootKey
from envguard.store.records import Head, Root, encode
from envguard.store.rows import digest
from envguard.store.snapshot import Snapshot
from envguard.store.trail import append

KeysOf = Callable[[str], Keys]
"""The keys of a namespace of one store; the empty one is the store itself."""


def keys_of(root: RootKey, store: str) -> KeysOf:
    """The keys that a root key gives for the store with this id."""
    return lambda namespace: Keys(root, bytes.fromhex(store), namespace)


class Version(NamedTuple):
    """One version of a value. `token` is the fingerprint of the token that it was written under,
    `content` what is encrypted: the record of its writing, and the value."""

    number: int
    token: bytes
    content: bytes


class Kept(NamedTuple):
    """A secret with its versions, the oldest first."""

    namespace: str
    head: Head
    versions: tuple[Version, ...]


class Content(NamedTuple):
    """What a store holds. `root` is its own row, `lines` are those of the trail as they were
    said."""

    root: Root
    secrets: tuple[Kept, ...]
    lines: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"Content({len(self.secrets)} secrets, {len(self.lines)} lines)"


def read(database: Database, keys: KeysOf) -> Content:
    """All of it, verified, inside a transaction. Raises ForgedError."""
    own = keys("")
    store = Snapshot(database, own, own, "")
    secrets = [
        Kept(name, head, tuple(Version(*found) for found in space.contents(head)))
        for name in store.namespaces()
        for space in [Snapshot(database, own, keys(name), name)]
        for head in space.heads()
    ]
    return Content(store.root, tuple(secrets), tuple(said for _, said, _ in store.lines()))


def replace(
    database: Database, row: Root, secrets: Iterable[Kept], lines: Iterable[bytes], keys: KeysOf
) -> None:
    """Puts these in the place of all that there is, under the keys given, inside a transaction.
    `row` is the store's own row, with a trail that has no line yet."""
    own = keys("")
    database.clear()
    root = row._replace(namespaces=0, digest=digest([]), generation=row.generation + 1)
    root = append(database, own, root, *lines)
    body = encode(root)
    mac = own.mac(Purpose.STATE, "store", body)
    database.change("UPDATE store SET body = ?, mac = ? WHERE one = 1", body, mac)
    spaces: dict[str, list[Kept]] = {}
    for kept in secrets:
        spaces.setdefault(kept.namespace, []).append(kept)
    for name, found in spaces.items():
        snapshot = Snapshot(database, own, keys(name), name)
        for kept in found:
            for version in kept.versions:
                snapshot.put_content(kept.head.name, *version)
            snapshot.put_head(kept.head)
        snapshot.save()
