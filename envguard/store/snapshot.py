"""One namespace as it is in one transaction, verified before anything of it is used.

The chain of trust: the root key authenticates the store's row; that row a digest of all rows of
namespaces; a namespace's row a digest of all its heads; a head the current version of its
value. So an answer "it is not there" or "this is the newest" has been proved, down to a store
in which a namespace was never written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import chain

from envguard.core.errors import BackendError
from envguard.store.cipher import ENCRYPTIONS, ForgedError, Keys, Purpose, pack, unpack
from envguard.store.database import Database
from envguard.store.records import Head, Root, Space, Written, decode, encode, now

_TAG = 16
"""Bytes of the HMAC under which a name is found."""

_MAC = 32


class Snapshot:
    """A namespace inside a transaction of `database`. Raises ForgedError while it is made and read
    where anything is not what the holder of the key wrote. What is put counts after `save`."""

    def __init__(self, database: Database, own: Keys, keys: Keys, namespace: str) -> None:
        """`own` are the keys of the store itself, `keys` those of the namespace."""
        self._database, self._own, self._keys = database, own, keys
        self._namespace = namespace
        self._changed = False
        body, mac = _only(database.blobs("SELECT body, mac FROM store"))
        own.verify(mac, Purpose.STATE, "store", body)
        self._root = decode(Root, body)
        self._spaces = _listing(
            database.blobs("SELECT tag, mac FROM namespace ORDER BY tag"),
            self._root.namespaces,
            self._root.digest,
        )
        self._id = own.mac(Purpose.NAME, namespace)[:_TAG]
        if self._id in self._spaces:
            self._load()
        else:
            self._name = b""
            self._space = Space()
            self._heads: dict[bytes, bytes] = {}

    def _load(self) -> None:
        # The MAC is the one that the digest proved, not one that stands beside the body.
        mac = self._spaces[self._id]
        statement = "SELECT name, body FROM namespace WHERE tag = ?"
        self._name, body = _only(self._database.blobs(statement, self._id))
        self._own.verify(mac, Purpose.STATE, "namespace", self._id, self._name, body)
        self._space = decode(Space, body)
        statement = "SELECT tag, mac FROM head INDEXED BY head_mac WHERE namespace = ? ORDER BY tag"
        rows = self._database.blobs(statement, self._id)
        self._heads = _listing(rows, self._space.heads, self._space.digest)

    def head(self, name: str) -> Head | None:
        """A secret's head, deleted or not; None where the name was never written."""
        tag = self._tag(name)
        if tag not in self._heads:
            return None
        statement = "SELECT body FROM head WHERE namespace = ? AND tag = ?"
        (body,) = _only(self._database.blobs(statement, self._id, tag))
        return self._open_head(tag, body)

    def heads(self) -> Iterator[Head]:
        """Every head, in no order that means anything."""
        rows = self._database.blobs("SELECT tag, body FROM head WHERE namespace = ?", self._id)
        if {tag for tag, _ in rows} != self._heads.keys():
            raise ForgedError
        for tag, body in rows:
            yield self._open_head(tag, body)

    def _open_head(self, tag: bytes, body: bytes) -> Head:
        self._keys.verify(self._heads[tag], Purpose.STATE, "head", tag, body)
        head = decode(Head, self._keys.open(Purpose.HEAD, body, tag))
        return head._replace(tags=tuple(head.tags))

    def value(self, head: Head, version: int) -> str | None:
        """The text of one version; None where the head says that it is not kept."""
        if not head.first <= version <= head.version:
            return None
        statement = "SELECT token, body FROM value WHERE namespace = ? AND tag = ? AND version = ?"
        rows = self._database.blobs(statement, self._id, self._tag(head.name), version)
        token, body = _only(rows)
        opened = unpack(self._keys.open(Purpose.VALUE, body, head.name, version, token))
        return opened[1].decode("utf-8", "surrogatepass")

    def written(self, head: Head) -> list[tuple[int, Written]]:
        """Every version that is kept, oldest first, with what is known of it."""
        statement = "SELECT token, body FROM value WHERE namespace = ? AND tag = ? AND version = ?"
        found = []
        for version in range(head.first, head.version + 1):
            rows = self._database.blobs(statement, self._id, self._tag(head.name), version)
            token, body = _only(rows)
            opened = unpack(self._keys.open(Purpose.VALUE, body, head.name, version, token))
            found.append((version, decode(Written, opened[0])))
        return found

    def written_under(self, head: Head, token: str) -> int | None:
        """The newest version of a secret that was written under a token."""
        if not token:
            return None
        statement = "SELECT max(version) FROM value WHERE namespace = ? AND tag = ? AND token = ?"
        return self._database.number(
            statement, self._id, self._tag(head.name), self._fingerprint(head.name, token)
        )

    def put(self, head: Head, value: str, token: str) -> None:
        """Writes a value as the current version of `head`, and the head."""
        written = encode(Written(created=now()))
        fingerprint = self._fingerprint(head.name, token)
        context = (head.name, head.version, fingerprint)
        self._count_encryption()
        body = self._keys.seal(Purpose.VALUE, pack(written, value), *context)
        self._database.change(
            "INSERT INTO value VALUES (?, ?, ?, ?, ?)",
            *(self._id, self._tag(head.name), head.version, fingerprint, body),
        )
        self.put_head(head)

    def put_head(self, head: Head) -> None:
        """Writes a head."""
        tag = self._tag(head.name)
        self._count_encryption()
        body = self._keys.seal(Purpose.HEAD, encode(head), tag)
        mac = self._keys.mac(Purpose.STATE, "head", tag, body)
        statement = "INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?)"
        self._database.change(statement, self._id, tag, mac, body)
        self._heads[tag] = mac
        self._changed = True

    def save(self) -> None:
        """Authenticates what was put, if anything: the namespace's row, then the store's."""
        if not self._changed:
            return
        if not self._name:
            self._name = self._seal_name()
        self._space = self._space._replace(
            generation=self._space.generation + 1,
            heads=len(self._heads),
            digest=digest(sorted(self._heads.items())),
        )
        body = encode(self._space)
        mac = self._own.mac(Purpose.STATE, "namespace", self._id, self._name, body)
        self._database.change(
            "INSERT OR REPLACE INTO namespace VALUES (?, ?, ?, ?)", self._id, self._name, body, mac
        )
        self._spaces[self._id] = mac
        self._root = self._root._replace(
            generation=self._root.generation + 1,
            namespaces=len(self._spaces),
            digest=digest(sorted(self._spaces.items())),
        )
        body = encode(self._root)
        mac = self._own.mac(Purpose.STATE, "store", body)
        self._database.change("UPDATE store SET body = ?, mac = ? WHERE one = 1", body, mac)

    def _tag(self, name: str) -> bytes:
        return self._keys.mac(Purpose.NAME, name)[:_TAG]

    def _fingerprint(self, name: str, token: str) -> bytes:
        return self._keys.mac(Purpose.TOKEN, name, token)[:_TAG] if token else b""

    def _seal_name(self) -> bytes:
        count = self._root.encryptions + 1
        _check_encryptions(count)
        self._root = self._root._replace(encryptions=count)
        return self._own.seal(Purpose.HEAD, pack(self._namespace), self._id)

    def _count_encryption(self) -> None:
        count = self._space.encryptions + 1
        _check_encryptions(count)
        self._space = self._space._replace(encryptions=count)


def digest(rows: Iterable[tuple[bytes, ...]]) -> str:
    """What stands for all the rows of a table: SHA-256, hexadecimal, over their tags and MACs;
    `rows` come in the order of the tags."""
    return sha256(b"".join(chain.from_iterable(rows))).hexdigest()


def _listing(rows: list[tuple[bytes, ...]], count: int, expected: str) -> dict[bytes, bytes]:
    """Tags and MACs, proved to be all that there are. Raises ForgedError."""
    found = {tag: mac for tag, mac in rows}  # noqa: C416 - dict() does not know that they are pairs
    # Of these lengths only, a joined text can be taken apart in one way.
    lengths = set(map(len, found)) <= {_TAG} and set(map(len, found.values())) <= {_MAC}
    if not lengths or len(found) != count or digest(rows) != expected:
        raise ForgedError
    return found


def _only(rows: list[tuple[bytes, ...]]) -> tuple[bytes, ...]:
    """The one row that must be there. Raises ForgedError."""
    if len(rows) != 1:
        raise ForgedError
    return rows[0]


def _check_encryptions(count: int) -> None:
    if count > ENCRYPTIONS:
        raise BackendError(
            f"the keys of this store have done {ENCRYPTIONS} encryptions, and may do no more",
            "make a new store with --store FILE, and import the secrets there",
        )
