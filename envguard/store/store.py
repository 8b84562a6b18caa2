"""The embedded store: secrets of one namespace in an encrypted file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from envguard.core.actor import Actor
from envguard.core.backend import About, Metadata
from envguard.core.errors import BackendError, ExpiredError
from envguard.core.secret import Secret
from envguard.store.database import Database, present
from envguard.store.keys import KeySource
from envguard.store.opened import UNKNOWN, Opened
from envguard.store.records import Head, Line, check_name, decode, now
from envguard.store.snapshot import Snapshot

CREATE, READ, UPDATE, DELETE = "secret.create", "secret.read", "secret.update", "secret.delete"
"""Actions in the trail."""

NOTHING = About()


class Store(Opened):
    """An open store, seen from one namespace. Every answer is verified: a damaged or tampered
    file gives BackendError, never a wrong value and never a wrong absence. What changes or gives
    out a value leaves a line in the trail, in the same transaction. One at a time may use it;
    other processes, and other Stores, may use the same file."""

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        key: KeySource,
        namespace: str,
        create: bool = False,
        actor: Actor = UNKNOWN,
    ) -> Store:
        """Opens the store at `path`. With `create`, a missing one is made, with a new key where
        `key` finds none. Raises BackendError: no store, no key, wrong key, damaged, older than
        it was."""
        if not namespace:
            raise ValueError("the empty namespace is the store itself")
        if not present(path):
            if not create:
                raise BackendError(
                    f"there is no store at {path}", "make one: envguard secrets set NAME"
                )
            # What this imports, tempfile among it, only a new store needs.
            from envguard.store.creation import create_store, key_for_new_store  # noqa: PLC0415

            create_store(path, key_for_new_store(key))
        database = Database(path)
        try:
            return cls(database, key, namespace, actor)
        except BaseException:
            database.close()
            raise

    def check(self) -> None:
        """Verifies the store, its trail, and every version of the namespace. Raises
        BackendError."""
        with self._reading() as snapshot:
            for _ in snapshot.lines():
                pass
            for head in snapshot.heads():
                snapshot.written(head)

    def read(self, names: Iterable[str]) -> dict[str, Secret]:
        """The current values; a name that is not there is left out."""
        found = self.fetch((name, None) for name in names)
        return {name: value for (name, _), value in found.items()}

    def fetch(
        self,
        wanted: Iterable[tuple[str, int | None]],
        *,
        action: str = READ,
        allow_expired: bool = False,
    ) -> dict[tuple[str, int | None], Secret]:
        """The values of names and versions (None: the current one), all of one moment. What is
        not there is left out; of a deleted secret, that is every version. One line of the trail
        says under `action` which names were given out.

        Raises ExpiredError, and gives nothing, where one of them is past its date, unless
        `allow_expired`.
        """
        found: dict[tuple[str, int | None], Secret] = {}
        expired: list[str] = []
        with self._writing() as snapshot:
            today = now()
            for name, version in wanted:
                head = snapshot.head(name)
                if head is None or head.deleted:
                    continue
                if head.expires_at and head.expires_at <= today:
                    expired.append(name)
                text = snapshot.value(head, head.version if version is None else version)
                if text is not None:
                    found[name, version] = Secret(text)
            if expired and not allow_expired:
                raise _expired(expired)
            if found:
                names = dict.fromkeys(name for name, _ in found)
                snapshot.record(self._line(action, names, _listed("expired", expired)))
        return found

    def write(self, name: str, value: Secret, *, token: str = "", about: About = NOTHING) -> int:
        """Writes a value and returns its version. The same token with the same value again
        writes nothing and returns the version of the first time; with another value it is a
        BackendError. What `about` does not say stays as it is."""
        return self.write_many({name: value}, token=token, about=about)[name]

    def write_many(
        self, values: Mapping[str, Secret], *, token: str = "", about: About = NOTHING
    ) -> dict[str, int]:
        """Writes all of them or none; returns their versions. Otherwise like `write`."""
        for name in values:
            check_name(name)
        versions: dict[str, int] = {}
        done: dict[str, list[str]] = {}
        with self._writing() as snapshot:
            for name, value in values.items():
                versions[name], action = _put(snapshot, name, value, token=token, about=about)
                if action:
                    done.setdefault(action, []).append(name)
            for action, names in done.items():
                snapshot.record(self._line(action, names))
        return versions

    def describe(self, name: str, about: About) -> Metadata | None:
        """Writes what is said about a secret; what is known of it then, None where it is not
        there."""
        with self._writing() as snapshot:
            head = snapshot.head(name)
            if head is None or head.deleted:
                return None
            changed = _described(head, about)
            if changed != head:
                fields = [f for f, value in about._asdict().items() if value is not None]
                head = changed._replace(updated=now())
                snapshot.put_head(head)
                snapshot.record(self._line(UPDATE, [name], _listed("described", fields)))
        return head.metadata()

    def delete_many(self, names: Iterable[str], *, purge: bool = False) -> Sequence[str]:
        """Deletes, all at once, those that are there, and returns them. Their versions are kept,
        but with `purge`, which also takes those of secrets that were deleted before."""
        gone = []
        with self._writing() as snapshot:
            for name in names:
                head = snapshot.head(name)
                if head is None or (head.deleted and not purge):
                    continue
                if purge and head.first <= head.version:
                    snapshot.purge(head)
                elif not head.deleted:
                    snapshot.put_head(head._replace(deleted=True, updated=now()))
                else:
                    continue
                gone.append(name)
            if gone:
                snapshot.record(self._line(DELETE, gone, "purged" if purge else ""))
        if purge and gone:
            self._database.forget()
        return gone

    def delete(self, name: str, *, purge: bool = False) -> bool:
        """Deletes a secret; False where it was not there."""
        return bool(self.delete_many([name], purge=purge))

    def record(self, action: str, names: Iterable[str] = (), detail: str = "") -> None:
        """Writes a line of the trail."""
        with self._writing() as snapshot:
            snapshot.record(self._line(action, names, detail))

    def trail(self) -> Sequence[tuple[int, Line, str]]:
        """Every line of the trail of the whole store with its number and its link, verified, the
        oldest first. Raises BackendError."""
        with self._reading() as snapshot:
            return [(number, decode(Line, said), link) for number, said, link in snapshot.lines()]

    def list(self) -> list[Metadata]:
        """Every secret, by name."""
        with self._reading() as snapshot:
            heads = list(snapshot.heads())
        return sorted((h.metadata() for h in heads if not h.deleted), key=lambda m: m.name)

    def current(self, names: Iterable[str]) -> dict[str, int]:
        """The version in force of each name; one that is not there is left out."""
        found: dict[str, int] = {}
        with self._reading() as snapshot:
            for name in names:
                head = snapshot.head(name)
                if head is not None and not head.deleted:
                    found[name] = head.version
        return found

    def versions(self, name: str) -> tuple[tuple[int, str], ...]:
        """Every version of a secret that is kept and when it was written, oldest first; empty
        where it is not there."""
        with self._reading() as snapshot:
            head = snapshot.head(name)
            if head is None or head.deleted:
                return ()
            return tuple((number, written.created) for number, written in snapshot.written(head))

    def exists(self, name: str) -> bool:
        """Whether a secret is there."""
        with self._reading() as snapshot:
            head = snapshot.head(name)
        return head is not None and not head.deleted


def _put(
    snapshot: Snapshot, name: str, value: Secret, *, token: str, about: About
) -> tuple[int, str]:
    """Writes a value; its version, and the action of the trail: empty where nothing was done."""
    head = snapshot.head(name)
    time = now()
    action = UPDATE
    if head is None:
        head = Head(name=name, version=0, created=time, updated=time)
        action = CREATE
    elif head.deleted:
        # A token counts until the secret is deleted: what is written again must be there.
        head = Head(name=name, version=head.version, first=head.first, created=time, updated=time)
        action = CREATE
    else:
        before = snapshot.written_under(head, token)
        if before is not None:
            if snapshot.value(head, before) != value.reveal():
                raise BackendError(
                    f"{name} was written before under this token, with another value",
                    "begin anew: the value has changed since",
                )
            return before, ""
    head = _described(head, about)._replace(version=head.version + 1, updated=time)
    snapshot.put(head, value.reveal(), token)
    return head.version, action


def _described(head: Head, about: About) -> Head:
    """The head with what `about` says; an empty date or period takes it away."""
    said = {field: value for field, value in about._asdict().items() if value is not None}
    for field in ("expires_at", "rotate_every"):
        if field in said:
            said[field] = said[field] or None
    return head._replace(**said)


def _listed(what: str, names: Sequence[str]) -> str:
    return f"{what}: {' '.join(names)}" if names else ""


def _expired(names: Sequence[str]) -> ExpiredError:
    several = len(names) > 1
    return ExpiredError(
        f"{', '.join(names)} {'have' if several else 'has'} expired",
        f"rotate it: envguard rotate {names[0]}; or write a later date: "
        f"envguard secrets describe {names[0]} --expires-at DATE",
    )
