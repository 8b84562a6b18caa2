"""One namespace as it is in one transaction, verified before anything of it is used.

The chain of trust: the root key authenticates the store's row; that row a digest of all rows of
namespaces; a namespace's row one digest for each bucket of its heads; a head the current version
of its value. So an answer "it is not there" or "this is the newest" has been proved, down to a
store in which a namespace was never written. A bucket holds the heads whose tags begin with the
same byte: one secret of 10,000 is proved by reading 40 heads and not all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from envguard.core.mac import sha256
from envguard.store.cipher import ForgedError, Keys, Purpose, pack, unpack
from envguard.store.database import Database
from envguard.store.records import Head, Line, Root, Space, Written, decode, encode, now
from envguard.store.rows import TAG, check_encryptions, digest, listing, only
from envguard.store.trail import append, lines

_BUCKET = 1 + 32  # its number and its digest
_LAST = 255  # number of the last bucket

Heads: TypeAlias = "dict[bytes, bytes]"
"""The MACs of heads by their tags."""


class Snapshot:
    """A namespace inside a transaction of `database`. Raises ForgedError while it is made and read
    where anything is not what the holder of the key wrote. What is put counts after `save`."""

    def __init__(self, database: Database, own: Keys, keys: Keys, namespace: str) -> None:
        """`own` are the keys of the store itself, `keys` those of the namespace."""
        self._database, self._own, self._keys = database, own, keys
        self._namespace = namespace
        self._recorded = False
        body, mac = only(database.blobs("SELECT body, mac FROM store"))
        own.verify(mac, Purpose.STATE, "store", body)
        self._root = decode(Root, body)
        self._spaces = listing(
            database.blobs("SELECT tag, mac FROM namespace ORDER BY tag"),
            self._root.namespaces,
            self._root.digest,
        )
        self._id = own.mac(Purpose.NAME, namespace)[:TAG]
        self._name = b""
        self._space = Space()
        self._buckets: dict[int, bytes] = {}  # the digests, of those that hold anything
        self._heads: dict[int, Heads] = {}  # of the buckets that were read
        self._changed: set[int] = set()
        if self._id in self._spaces:
            self._load()

    def _load(self) -> None:
        # The MAC is the one that the digest proved, not one that stands beside the body.
        mac = self._spaces[self._id]
        statement = "SELECT name, body, buckets FROM namespace WHERE tag = ?"
        self._name, body, buckets = only(self._database.blobs(statement, self._id))
        context = ("namespace", self._id, self._name, body, buckets)
        self._own.verify(mac, Purpose.STATE, *context)
        self._space = decode(Space, body)
        parts = [buckets[at : at + _BUCKET] for at in range(0, len(buckets), _BUCKET)]
        self._buckets = {part[0]: part[1:] for part in parts}

    def _bucket(self, tag: bytes) -> Heads:
        """All heads whose tags begin as this one does."""
        number = tag[0]
        if number not in self._heads:
            end = bytes([number + 1]) if number < _LAST else b"\xff" * (TAG + 1)
            of_bucket = "namespace = ? AND tag >= ? AND tag < ? ORDER BY tag"
            statement = f"SELECT tag, mac FROM head WHERE {of_bucket}"  # noqa: S608 - a constant
            rows = self._database.blobs(statement, self._id, tag[:1], end)
            self._heads[number] = self._proved(number, rows)
        return self._heads[number]

    def _proved(self, number: int, rows: list[tuple[bytes, ...]]) -> Heads:
        if not rows and number not in self._buckets:
            return {}
        return listing(rows, len(rows), self._buckets.get(number, b"").hex())

    @property
    def root(self) -> Root:
        """The store's own row."""
        return self._root

    def namespaces(self) -> list[str]:
        """Every namespace that was written, by name."""
        found = []
        for tag in self._spaces:
            (name,) = only(self._database.blobs("SELECT name FROM namespace WHERE tag = ?", tag))
            opened = unpack(self._own.open(Purpose.HEAD, name, tag))
            found.append(opened[0].decode("utf-8", "surrogatepass"))
        return sorted(found)

    def head(self, name: str) -> Head | None:
        """A secret's head, deleted or not; None where the name was never written."""
        tag = self._tag(name)
        mac = self._bucket(tag).get(tag)
        if mac is None:
            return None
        statement = "SELECT body FROM head WHERE namespace = ? AND tag = ?"
        (body,) = only(self._database.blobs(statement, self._id, tag))
        return self._open_head(tag, mac, body)

    def heads(self) -> Iterator[Head]:
        """Every head, in no order that means anything."""
        statement = "SELECT tag, mac, body FROM head WHERE namespace = ? ORDER BY tag"
        rows = self._database.blobs(statement, self._id)
        listed: dict[int, list[tuple[bytes, ...]]] = {}
        for tag, mac, _ in rows:
            listed.setdefault(tag[0] if tag else -1, []).append((tag, mac))
        if listed.keys() != self._buckets.keys():
            raise ForgedError
        for number, found in listed.items():
            self._proved(number, found)
        for tag, mac, body in rows:
            yield self._open_head(tag, mac, body)

    def _open_head(self, tag: bytes, mac: bytes, body: bytes) -> Head:
        self._keys.verify(mac, Purpose.STATE, "head", tag, body)
        head = decode(Head, self._keys.open(Purpose.HEAD, body, tag))
        return head._replace(tags=tuple(head.tags))

    def value(self, head: Head, version: int) -> str | None:
        """The text of one version; None where the head says that it is not kept."""
        if not head.first <= version <= head.version:
            return None
        statement = "SELECT token, body FROM value WHERE namespace = ? AND tag = ? AND version = ?"
        rows = self._database.blobs(statement, self._id, self._tag(head.name), version)
        token, body = only(rows)
        opened = unpack(self._keys.open(Purpose.VALUE, body, head.name, version, token))
        return opened[1].decode("utf-8", "surrogatepass")

    def written(self, head: Head) -> list[tuple[int, Written]]:
        """Every version that is kept, oldest first, with what is known of it."""
        statement = "SELECT token, body FROM value WHERE namespace = ? AND tag = ? AND version = ?"
        found = []
        for version in range(head.first, head.version + 1):
            rows = self._database.blobs(statement, self._id, self._tag(head.name), version)
            token, body = only(rows)
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

    def contents(self, head: Head) -> Iterator[tuple[int, bytes, bytes]]:
        """Every version that is kept, with the fingerprint of its token and its content; for
        `put_content` of a snapshot under other keys."""
        statement = "SELECT token, body FROM value WHERE namespace = ? AND tag = ? AND version = ?"
        for version in range(head.first, head.version + 1):
            rows = self._database.blobs(statement, self._id, self._tag(head.name), version)
            token, body = only(rows)
            yield version, token, self._keys.open(Purpose.VALUE, body, head.name, version, token)

    def put_content(self, name: str, version: int, token: bytes, content: bytes) -> None:
        """Writes what `contents` gave, without its head."""
        self._count_encryption()
        body = self._keys.seal(Purpose.VALUE, content, name, version, token)
        self._database.change(
            "INSERT INTO value VALUES (?, ?, ?, ?, ?)",
            *(self._id, self._tag(name), version, token, body),
        )

    def purge(self, head: Head) -> None:
        """Removes every version of a secret for good. Its head stays, deleted: that there was one
        is no secret, and what is written under the name later has a new version."""
        statement = "DELETE FROM value WHERE namespace = ? AND tag = ? AND version = ?"
        for version in range(head.first, head.version + 1):
            self._database.change(statement, self._id, self._tag(head.name), version)
        self.put_head(head._replace(first=head.version + 1, deleted=True, updated=now()))

    def record(self, line: Line) -> None:
        """Writes a line of the trail."""
        check_encryptions(self._root.encryptions + 1)
        self._root = append(self._database, self._own, self._root, encode(line))
        self._recorded = True

    def count_from(self, generation: int) -> None:
        """Makes the next change follow the one with this number, if that is later."""
        self._root = self._root._replace(generation=max(self._root.generation, generation))

    def retired(self) -> list[bytes]:
        """The earlier root keys."""
        sealed = [bytes.fromhex(key) for key in self._root.retired]
        return [self._own.open(Purpose.RETIRED, key) for key in sealed]

    def forget_retired(self) -> None:
        """Takes the earlier root keys away."""
        self._root = self._root._replace(retired=())

    def lines(self) -> Iterator[tuple[int, bytes, str]]:
        """Every line of the trail, with its number and its link, the oldest first."""
        return lines(self._database, self._own, self._root)

    def put_head(self, head: Head) -> None:
        """Writes a head."""
        tag = self._tag(head.name)
        heads = self._bucket(tag)
        self._count_encryption()
        body = self._keys.seal(Purpose.HEAD, encode(head), tag)
        mac = self._keys.mac(Purpose.STATE, "head", tag, body)
        statement = "INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?)"
        self._database.change(statement, self._id, tag, mac, body)
        heads[tag] = mac
        self._changed.add(tag[0])

    def save(self) -> None:
        """Authenticates what was put and recorded, if anything: the namespace's row, then the
        store's."""
        if self._changed:
            self._save_namespace()
        if self._changed or self._recorded:
            self._root = self._root._replace(generation=self._root.generation + 1)
            body = encode(self._root)
            mac = self._own.mac(Purpose.STATE, "store", body)
            self._database.change("UPDATE store SET body = ?, mac = ? WHERE one = 1", body, mac)

    def _save_namespace(self) -> None:
        if not self._name:
            self._name = self._seal_name()
        for number in self._changed:
            joined = digest(sorted(self._heads[number].items()))
            self._buckets[number] = bytes.fromhex(joined)
        self._space = self._space._replace(generation=self._space.generation + 1)
        body = encode(self._space)
        buckets = b"".join(bytes([n]) + found for n, found in sorted(self._buckets.items()))
        context = ("namespace", self._id, self._name, body, buckets)
        mac = self._own.mac(Purpose.STATE, *context)
        self._database.change(
            "INSERT OR REPLACE INTO namespace VALUES (?, ?, ?, ?, ?)",
            *(self._id, self._name, body, buckets, mac),
        )
        self._spaces[self._id] = mac
        self._root = self._root._replace(
            namespaces=len(self._spaces), digest=digest(sorted(self._spaces.items()))
        )

    def _tag(self, name: str) -> bytes:
        return self._keys.mac(Purpose.NAME, name)[:TAG]

    def _fingerprint(self, name: str, token: str) -> bytes:
        # Not under a key of the store, so that it stays when that changes: a token is random.
        if not token:
            return b""
        return sha256(pack("token", self._root.store, self._namespace, name, token)).digest()[:TAG]

    def _seal_name(self) -> bytes:
        count = self._root.encryptions + 1
        check_encryptions(count)
        self._root = self._root._replace(encryptions=count)
        return self._own.seal(Purpose.HEAD, pack(self._namespace), self._id)

    def _count_encryption(self) -> None:
        count = self._space.encryptions + 1
        check_encryptions(count)
        self._space = self._space._replace(encryptions=count)
