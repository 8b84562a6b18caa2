"""A backend over a key-value engine of version 1, which the one of version 2 builds on."""

from __future__ import annotations

import secrets as random
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from envguard.backends.service.expiry import refuse_expired
from envguard.backends.service.parallel import each_of
from envguard.backends.service.places import Place, Places, placed
from envguard.backends.service.rest import ThrottledError, UnreachableError
from envguard.backends.vaultkv.about import expires_at
from envguard.backends.vaultkv.change import Changes
from envguard.backends.vaultkv.client import CONNECTIONS
from envguard.backends.vaultkv.engine import Engine, Held
from envguard.backends.vaultkv.refusals import TokenError
from envguard.backends.vaultkv.rights import rights_of
from envguard.backends.vaultkv.values import (
    VALUE,
    check_size,
    check_text,
    field_of,
    holder_of,
    whole_of,
)
from envguard.core.backend import Capability, Metadata, Right
from envguard.core.config import Settings
from envguard.core.digest import digest
from envguard.core.errors import BackendError
from envguard.core.locking import locked
from envguard.core.parts import each, whole, without_version
from envguard.core.reference import Reference
from envguard.core.secret import Secret

Item = TypeVar("Item")
Result = TypeVar("Result")

Wanted = tuple[str, str | None]
"""A path, and a version; None is the one in force."""


class VaultOneBackend:
    """The keys of a program in an engine of version 1, which keeps no versions and no notes: a
    write is known again by its value alone."""

    capabilities = Capability.READ | Capability.WRITE | Capability.DELETE | Capability.LIST

    def __init__(self, engine: Engine, places: Places, settings: Settings) -> None:
        self.places = places
        self.engine = engine
        self._settings = settings

    def locate(self, key: str) -> Reference:
        """The reference to `key`, whose name it keeps. Raises NameNotAllowed."""
        return self.places.locate(key)

    def check(self) -> None:
        """Asks for what it would read. Raises BackendError."""
        for path in self.places.probed():
            self.engine.get(path)

    def rights(self, *, write: bool = False) -> Sequence[Right]:  # noqa: ARG002 - Vault tells it
        """What the token may do, as Vault itself tells it: nothing is tried."""
        return rights_of(self.engine, self.places)

    def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
        """The values of `refs`: one call for each secret, all at the same time. Raises
        BackendError, and ExpiredError."""
        places, wrong = placed(refs, self._asked)
        held = self._held({(place.path, ref.version) for ref, place in places.items()})
        dated: list[tuple[str, str | None]] = []
        for ref, place in places.items():
            one = held[place.path, ref.version]
            if isinstance(one, Held) and one.fields is not None:
                date = expires_at(one.texts, place.field) or expires_at(one.texts, None)
                dated.append((ref.name, date))
        refuse_expired(dated, self._settings)

        def value_of(ref: Reference) -> Secret | None:
            if ref in wrong:
                raise wrong[ref]
            one = held[places[ref].path, ref.version]
            if isinstance(one, BackendError):
                raise one
            field = places[ref].field
            if one.fields is None:
                return None
            if ref.field is not None:  # which `parts.each` takes out of it
                return holder_of(ref, one.fields)
            return whole_of(one.fields) if field is None else field_of(one.fields, field)

        return each(refs, value_of)

    def _held(self, wanted: set[Wanted]) -> Mapping[Wanted, Held | BackendError]:
        """What there is. Raises the first error that no other call would do better than."""
        found = each_of(
            sorted(wanted, key=str), lambda one: self.engine.get(*one), workers=CONNECTIONS
        )
        for one in found.values():
            if isinstance(one, UnreachableError | ThrottledError | TokenError):
                raise one
        return found

    def _asked(self, ref: Reference) -> Place:
        place = self.places.place(ref)
        self.check_version(ref)
        return place

    def check_version(self, ref: Reference) -> None:
        """Raises BackendError where a reference names a version that cannot be."""
        without_version(ref)

    def write(self, ref: Reference, value: Secret, *, token: str) -> str:
        """Writes a value, and returns what stands for its version."""
        return self.write_all({ref: value}, token=token)[ref]

    def write_all(self, values: Mapping[Reference, Secret], *, token: str) -> dict[Reference, str]:
        """Writes every value: the fields of one secret in one call."""
        self.places.distinct(values)
        work: dict[str, dict[Reference, Secret]] = {}
        for ref, value in values.items():
            check_text(ref.name, value)
            work.setdefault(self.writable(ref).path, {})[ref] = value

        def write(path: str) -> dict[Reference, str]:
            fields = {self.places.place(ref).field or VALUE: v for ref, v in work[path].items()}
            first = next(iter(work[path]))
            is_whole = self.places.place(first).field is None
            found = self.change(path, fields, token, key=first.name if is_whole else "")
            return {ref: found[self.places.place(ref).field or VALUE] for ref in work[path]}

        written: dict[Reference, str] = {}
        for outcome in self.for_each(work, write):
            written.update(outcome)
        return written

    def change(self, path: str, changes: Changes, token: str, *, key: str) -> dict[str, str]:
        """Changes fields of a secret; `key` is the one that the whole of it is for."""
        with locked(self._lock(path)):
            held = self.engine.get(path)
            there = {} if key or held.fields is None else dict(held.fields)
            fields = {**there, **{k: v.reveal() for k, v in changes.items() if v is not None}}
            for field in (field for field, value in changes.items() if value is None):
                fields.pop(field, None)
            check_size(path, fields)
            if fields != held.fields:
                self.engine.put(path, fields, 0)
                if self.engine.get(path).fields != fields:
                    raise BackendError(
                        f"{path} was changed by somebody else at the same time", "write it again"
                    )
        return dict.fromkeys(changes, digest(path.encode(), token.encode())[:6].hex())

    def delete(self, ref: Reference) -> bool:
        """Deletes a secret, or takes a field out of one. False where it was not there."""
        return bool(self._delete([ref]))

    def delete_all(self, refs: Sequence[Reference]) -> None:
        """Deletes every name that is there: the fields of one secret in one call."""
        self._delete(refs)

    def _delete(self, refs: Sequence[Reference]) -> Sequence[str]:
        work: dict[str, list[str]] = {}
        for ref in refs:
            place = self.writable(ref)
            fields = work.setdefault(place.path, [])
            if place.field is not None:
                fields.append(place.field)

        def remove(path: str) -> Sequence[str]:
            if not work[path]:
                return [path] if self.engine.remove(path) else []
            held = self.engine.get(path).fields or {}
            there = [field for field in work[path] if field in held]
            if there:
                self.change(path, dict.fromkeys(there), random.token_hex(16), key="")
            return there

        return [name for names in self.for_each(work, remove) for name in names]

    def list(self) -> Sequence[Metadata]:
        """Every key under the prefix, by name."""
        rows: dict[str, Metadata] = {}
        json_paths = self.places.json_paths()
        for path in json_paths:
            for field in self.engine.get(path).fields or {}:
                self._row(rows, path, field)
        if not self.places.is_json:
            for path in self.engine.names(self.places.start):
                if path not in json_paths:
                    self._row(rows, path, None)
        return [rows[name] for name in sorted(rows)]

    def _row(self, rows: dict[str, Metadata], path: str, field: str | None) -> None:
        key = self.places.key(path, field)
        if key is not None:
            rows[key] = Metadata(key, 1, "", "")

    def writable(self, ref: Reference) -> Place:
        """The place of a reference to a whole secret. Raises UsageError, NameNotAllowed."""
        return self.places.written(self.locate(whole(ref)))

    def for_each(self, work: Iterable[Item], do: Callable[[Item], Result]) -> Sequence[Result]:
        """What each gave. Raises the first BackendError, when all have ended."""
        found = []
        failed: list[BackendError] = []
        for outcome in each_of(work, do, workers=CONNECTIONS).values():
            if isinstance(outcome, BackendError):
                failed.append(outcome)
            else:
                found.append(outcome)
        if failed:
            raise failed[0]
        return found

    def _lock(self, path: str) -> Path:
        engine = self.engine
        named = digest(engine.client.address.encode(), engine.at("", path).encode())[:8].hex()
        return self._settings.folders.data / "locks" / f"vault-{named}.lock"
