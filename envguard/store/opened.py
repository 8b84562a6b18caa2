"""An open store, before what is asked of it: its key, its transactions, what was seen of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from envguard.core.actor import Actor
from envguard.store.cipher import ForgedError, Keys
from envguard.store.database import Database
from envguard.store.keys import HOMES, Header, KeySource, RootKey
from envguard.store.records import Line, Root, now, peek
from envguard.store.seen import Seen
from envguard.store.snapshot import Snapshot

FORGET = "key.forget"
"""The action in the trail when retired keys go."""

UNKNOWN = Actor()

Self = TypeVar("Self", bound="Opened")


class Proof(NamedTuple):
    """How many lines of the trail are proved, and the link of the last one; `broken_at` is the
    first that is not, or that is missing."""

    lines: int
    link: str
    broken_at: int | None


class Whole(NamedTuple):
    """What `Store.whole` gives: `key` and `row` are the present ones."""

    database: Database
    key: RootKey
    row: Root
    line: Callable[[str, Iterable[str], str], Line]


class Opened:
    """An open store of one namespace. Each transaction is verified, under the key that the store
    has in it, and is no older than what was seen before."""

    def __init__(
        self,
        database: Database,
        key: KeySource,
        namespace: str,
        actor: Actor = UNKNOWN,
        *,
        older: bool = False,
    ) -> None:
        """Takes an open database; `older` takes it also where a newer state of it was seen.
        Raises BackendError where the key is missing or another, and where it is damaged."""
        self.key = key
        """Where its key is looked for."""
        self._database = database
        self._namespace = namespace
        self._actor = actor
        self._seen = Seen(key.seen)
        self._older = older
        self._header: Header | None = None
        with self._reading():
            pass  # it verifies that this is the key

    def proved(self) -> Proof:
        """How far the trail is what was written. Raises BackendError for the rest of the store."""
        count, link = 0, ""
        with self._reading() as snapshot:
            try:
                for number, _, link in snapshot.lines():  # noqa: B007 - the last one counts
                    count = number
            except ForgedError:
                return Proof(count, link, count + 1)
        return Proof(count, link, None)

    @property
    def home(self) -> str:
        """Where its key is kept: one of HOMES."""
        with self._reading() as snapshot:
            return snapshot.root.home

    @property
    def root_key(self) -> RootKey:
        """Its root key."""
        with self._reading():
            assert self._header is not None  # noqa: S101 - a transaction reads it
            return self.key.open(self._header, self._database.path)

    def retired(self) -> Sequence[RootKey]:
        """The earlier keys that are still kept, the oldest first."""
        with self._reading() as snapshot:
            return [RootKey(key) for key in snapshot.retired()]

    def forget_retired(self) -> None:
        """Removes the earlier keys from the store for good."""
        with self._writing() as snapshot:
            if snapshot.root.retired:
                snapshot.forget_retired()
                snapshot.record(self._line(FORGET))
        self._database.forget()

    @contextmanager
    def whole(self) -> Iterator[Whole]:
        """A transaction that writes the whole store anew: its file, its key and its own row, all
        verified, and what makes a line of the trail. Nothing is written by itself."""
        self._seen.look()
        with self._database.writing():
            snapshot = self._snapshot()
            assert self._header is not None  # noqa: S101 - a snapshot has one
            key = self.key.open(self._header, self._database.path)
            yield Whole(self._database, key, snapshot.root, self._line)
        with self._reading():
            pass  # under the new key, and to remember the new state

    @contextmanager
    def locked(self) -> Iterator[str]:
        """Keeps writers out; the id of the key in force."""
        with self._database.writing():
            yield self._snapshot().root.root

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _reading(self) -> Iterator[Snapshot]:
        self._seen.look()
        with self._database.reading():
            snapshot = self._snapshot()
            yield snapshot
        self._seen.keep(snapshot.root.store, snapshot.root.generation)

    @contextmanager
    def _writing(self) -> Iterator[Snapshot]:
        self._seen.look()
        with self._database.writing():
            snapshot = self._snapshot()
            yield snapshot
            snapshot.save()
        self._seen.keep(snapshot.root.store, snapshot.root.generation)

    def _snapshot(self) -> Snapshot:
        """The state of this transaction, by the key that the store has in it."""
        header = _header(self._database)
        if header != self._header:
            root = self.key.open(header, self._database.path)
            self._header = header
            self._own = Keys(root, header.store, "")
            self._keys = Keys(root, header.store, self._namespace)
        snapshot = Snapshot(self._database, self._own, self._keys, self._namespace)
        store = snapshot.root.store
        if self._older:
            # What is written counts from the newest state that was seen.
            snapshot.count_from(self._seen.newest(store))
        self._seen.check(store, snapshot.root.generation, self._database.path)
        return snapshot

    def _line(self, action: str, names: Iterable[str] = (), detail: str = "") -> Line:
        name, place = self._actor
        return Line(now(), name, place, action, self._namespace, tuple(names), detail)


def _header(database: Database) -> Header:
    """What the store's row says of its key. Not verified yet: a snapshot does that."""
    rows = database.blobs("SELECT body FROM store")
    if len(rows) != 1:
        raise ForgedError
    fields = peek(rows[0][0])
    try:
        store = bytes.fromhex(fields["store"])
        found = Header(store, fields["root"], fields.get("home", ""), fields.get("wrapped", ""))
    except (KeyError, TypeError, ValueError):
        raise ForgedError from None
    if not all(isinstance(text, str) for text in found[1:]):
        raise ForgedError
    if found.home not in HOMES:
        # The row is not authenticated: a newer envguard, or a flipped bit.
        raise ForgedError
    return found
