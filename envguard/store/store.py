"""The embedded store: secrets of one namespace in an encrypted file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType

from envguard.core.backend import Metadata
from envguard.core.errors import BackendError
from envguard.core.secret import Secret
from envguard.store.cipher import ForgedError, Keys
from envguard.store.database import Database, present
from envguard.store.keys import VARIABLE, KeySource, RootKey
from envguard.store.records import Head, check_name, now, peek
from envguard.store.snapshot import Snapshot


class Store:
    """An open store, seen from one namespace. Every answer is verified: a damaged or tampered
    file gives BackendError, never a wrong value and never a wrong absence. One at a time may
    use it; other processes, and other Stores, may use the same file."""

    def __init__(self, database: Database, root: RootKey, store: bytes, namespace: str) -> None:
        self._database = database
        self._root = root
        self._own = Keys(root, store, "")
        self._keys = Keys(root, store, namespace)
        self._namespace = namespace

    @classmethod
    def open(cls, path: Path, *, key: KeySource, namespace: str, create: bool = False) -> Store:
        """Opens the store at `path`. With `create`, a missing one is made, with a new key where
        `key` finds none. Raises BackendError: no store, no key, wrong key, damaged."""
        if not namespace:
            raise ValueError("the empty namespace is the store itself")
        if not present(path):
            if not create:
                raise BackendError(
                    f"there is no store at {path}", "make one: envguard secrets set NAME"
                )
            # What this imports, tempfile among it, only a new store needs.
            from envguard.store.creation import create_key_file, create_store  # noqa: PLC0415

            create_store(path, key.find() or create_key_file(key.file))
        database = Database(path)
        try:
            root = key.find()
            if root is None:
                raise BackendError(
                    f"the key file {key.file} of the store {path} is missing",
                    f"put the key file back, or set {VARIABLE}",
                )
            with database.reading():
                store = _header(database, key, root)
            return cls(database, root, store, namespace)
        except BaseException:
            database.close()
            raise

    def check(self) -> None:
        """Verifies the store and the namespace. Raises BackendError."""
        with self._database.reading():
            self._snapshot()

    def read(self, names: Iterable[str]) -> dict[str, Secret]:
        """The current values; a name that is not there is left out."""
        found = self.fetch((name, None) for name in names)
        return {name: value for (name, _), value in found.items()}

    def fetch(
        self, wanted: Iterable[tuple[str, int | None]]
    ) -> dict[tuple[str, int | None], Secret]:
        """The values of names and versions (None: the current one), all of one moment. What is
        not there is left out; of a deleted secret, that is every version."""
        found: dict[tuple[str, int | None], Secret] = {}
        with self._database.reading():
            snapshot = self._snapshot()
            for name, version in wanted:
                head = snapshot.head(name)
                if head is None or head.deleted:
                    continue
                text = snapshot.value(head, head.version if version is None else version)
                if text is not None:
                    found[name, version] = Secret(text)
        return found

    def write(
        self,
        name: str,
        value: Secret,
        *,
        token: str = "",
        description: str | None = None,
        category: str | None = None,
    ) -> int:
        """Writes a value and returns its version. The same token with the same value again
        writes nothing and returns the version of the first time; with another value it is a
        BackendError. Description and category stay as they are where None."""
        check_name(name)
        with self._database.writing():
            snapshot = self._snapshot()
            version = _put(
                snapshot, name, value, token=token, description=description, category=category
            )
            snapshot.save()
        return version

    def write_many(
        self,
        values: Mapping[str, Secret],
        *,
        token: str = "",
        description: str | None = None,
        category: str | None = None,
    ) -> dict[str, int]:
        """Writes all of them or none; returns their versions. Otherwise like `write`."""
        for name in values:
            check_name(name)
        with self._database.writing():
            snapshot = self._snapshot()
            versions = {
                name: _put(
                    snapshot, name, value, token=token, description=description, category=category
                )
                for name, value in values.items()
            }
            snapshot.save()
        return versions

    def delete_many(self, names: Iterable[str]) -> None:
        """Deletes, all at once, those that are there; their versions are kept."""
        with self._database.writing():
            snapshot = self._snapshot()
            for name in names:
                head = snapshot.head(name)
                if head is not None and not head.deleted:
                    snapshot.put_head(head._replace(deleted=True, updated=now()))
            snapshot.save()

    def delete(self, name: str) -> bool:
        """Deletes a secret and keeps its versions; False where it was not there."""
        with self._database.writing():
            snapshot = self._snapshot()
            head = snapshot.head(name)
            if head is None or head.deleted:
                return False
            snapshot.put_head(head._replace(deleted=True, updated=now()))
            snapshot.save()
        return True

    def list(self) -> list[Metadata]:
        """Every secret, by name."""
        with self._database.reading():
            heads = list(self._snapshot().heads())
        return sorted((h.metadata() for h in heads if not h.deleted), key=lambda m: m.name)

    def current(self, names: Iterable[str]) -> dict[str, int]:
        """The version in force of each name; one that is not there is left out."""
        found: dict[str, int] = {}
        with self._database.reading():
            snapshot = self._snapshot()
            for name in names:
                head = snapshot.head(name)
                if head is not None and not head.deleted:
                    found[name] = head.version
        return found

    def versions(self, name: str) -> tuple[tuple[int, str], ...]:
        """Every version of a secret that is kept and when it was written, oldest first; empty
        where it is not there."""
        with self._database.reading():
            snapshot = self._snapshot()
            head = snapshot.head(name)
            if head is None or head.deleted:
                return ()
            return tuple((number, written.created) for number, written in snapshot.written(head))

    def exists(self, name: str) -> bool:
        """Whether a secret is there."""
        with self._database.reading():
            head = self._snapshot().head(name)
        return head is not None and not head.deleted

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _snapshot(self) -> Snapshot:
        return Snapshot(self._database, self._own, self._keys, self._namespace)


def _header(database: Database, key: KeySource, root: RootKey) -> bytes:
    """The id of the store, where `root` is its key. Not verified yet: a snapshot does that."""
    rows = database.blobs("SELECT body FROM store")
    if len(rows) != 1:
        raise ForgedError
    fields = peek(rows[0][0])
    if fields.get("key") != root.id:
        way_out = (
            f"set {VARIABLE} to the key of this store, or unset it to use {key.file}"
            if key.given is not None
            else f"put the key file of this store back at {key.file}, or set {VARIABLE}"
        )
        raise BackendError(f"this key does not open the store {database.path}", way_out)
    try:
        return bytes.fromhex(fields["store"])
    except (KeyError, TypeError, ValueError):
        raise ForgedError from None


def _put(
    snapshot: Snapshot,
    name: str,
    value: Secret,
    *,
    token: str,
    description: str | None,
    category: str | None,
) -> int:
    head = snapshot.head(name)
    time = now()
    if head is None:
        head = Head(name=name, version=0, created=time, updated=time)
    elif head.deleted:
        # A token counts until the secret is deleted: what is written again must be there.
        head = head._replace(deleted=False, created=time, description="", category="other")
    else:
        before = snapshot.written_under(head, token)
        if before is not None:
            if snapshot.value(head, before) != value.reveal():
                raise BackendError(
                    f"{name} was written before under this token, with another value",
                    "begin anew: the value has changed since",
                )
            return before
    head = head._replace(
        version=head.version + 1,
        updated=time,
        description=head.description if description is None else description,
        category=head.category if category is None else category,
    )
    snapshot.put(head, value.reveal(), token)
    return head.version
