"""The OS keyring as a backend: `keyring:SERVICE`.

Each secret is an entry of its own under the service SERVICE, its name as the user name, so that
`keyring get SERVICE NAME` and what the desktop shows give the same. Keyrings cannot be listed
through the package, so one more entry holds the names that were written here, with versions and
times, and no value. An entry that something else made is read, and not listed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

from envguard.core import os_keyring
from envguard.core.backend import Capability, Metadata
from envguard.core.config import Settings
from envguard.core.dates import FORMAT
from envguard.core.digest import digest
from envguard.core.errors import BackendError, ConfigError, NameNotAllowed
from envguard.core.locking import locked
from envguard.core.parts import each, whole, without_version
from envguard.core.reference import PROFILE_BACKEND, Reference
from envguard.core.secret import Secret
from envguard.core.writes import Write, done, remembered

SCHEME = "keyring:"
INDEX = "envguard index"
"""The user name of the entry with the names; its blank keeps it apart from every name."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,255}")
_SERVICE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. /@-]{0,127}")
_OWN_SERVICE = "envguard"  # where root keys are (store.keyring_home)
_WAY_OUT = "use another backend: --backend local:"


class Row(NamedTuple):
    """What the index says of a name. Version 0: its first write began, and did not end."""

    version: int = 0
    created: str = ""
    updated: str = ""
    writes: tuple[Write, ...] = ()


class KeyringBackend:
    """One service of the OS keyring. Values must be what it takes (Windows: 2,560 bytes)."""

    capabilities = Capability.READ | Capability.WRITE | Capability.DELETE | Capability.LIST

    def __init__(self, service: str, settings: Settings) -> None:
        self.service = service
        named = digest(service.encode())[:8].hex()
        self._lock = settings.folders.data / "locks" / f"keyring-{named}.lock"

    def locate(self, key: str) -> Reference:
        """The reference to `key`, whose name it keeps. Raises NameNotAllowed."""
        if not _NAME.fullmatch(key):
            raise NameNotAllowed(
                f"{key!a} cannot be a name in the OS keyring",
                "use letters, digits, _, - and dots, and no digit first",
            )
        return Reference(PROFILE_BACKEND, key)

    def check(self) -> None:
        """Asks the keyring. Raises BackendError where it is locked or there is none."""
        self._index()

    def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
        """The values of `refs`; a locked keyring is an error. Raises BackendError."""
        return each(refs, self._value, UnreachableError)

    def _value(self, ref: Reference) -> Secret | None:
        name = without_version(ref)
        value = None if name == INDEX else self._get(name)
        return None if value is None else Secret(value)

    def write(self, ref: Reference, value: Secret, *, token: str) -> str:
        """Writes a value and returns its version, a number."""
        name = self.locate(whole(ref)).name
        with locked(self._lock):
            index = self._index()
            row = index.get(name, Row())
            version = done(row.writes, name, value, token)
            if version is not None and self._get(name) is not None:
                return str(version)
            if name not in index:
                # Ended in between, it is listed where it is there, and written again.
                self._save({**index, name: row})
            self._set(name, value)
            now = datetime.now(timezone.utc).strftime(FORMAT)
            version = row.version + 1
            writes = remembered(row.writes, value, token, version)
            self._save({**index, name: Row(version, row.created or now, now, writes)})
        return str(version)

    def delete(self, ref: Reference) -> bool:
        """Deletes an entry. False where it was not there."""
        name = whole(ref)
        with locked(self._lock):
            there = name != INDEX and self._get(name) is not None
            if there:
                self._asked(lambda keyring: keyring.delete_password(self.service, name))
            index = self._index()
            if index.pop(name, None) is not None:
                self._save(index)
        return there

    def list(self) -> Sequence[Metadata]:
        """What was written here and is still there, by name."""
        return [
            Metadata(name, row.version, row.created, row.updated)
            for name, row in sorted(self._index().items())
            if self._get(name) is not None
        ]

    def _index(self) -> dict[str, Row]:
        text = self._get(INDEX)
        try:
            rows = json.loads(text or "{}")
            return {
                name: Row(int(v), str(c), str(u), tuple(Write(*one) for one in w))
                for name, (v, c, u, w) in rows.items()
            }
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise BackendError(
                f"the entry {INDEX!r} of {self.service} in the OS keyring is damaged",
                f"remove it, and write the secrets again: keyring del {self.service!r} {INDEX!r}",
            ) from None

    def _save(self, index: dict[str, Row]) -> None:
        self._set(INDEX, Secret(json.dumps(index)))

    def _get(self, name: str) -> str | None:
        found = self._asked(lambda keyring: keyring.get_password(self.service, name))
        return None if found is None else str(found)

    def _set(self, name: str, value: Secret) -> None:
        self._asked(lambda keyring: keyring.set_password(self.service, name, value.reveal()))

    def _asked(self, ask: Callable[[Any], object]) -> object:
        keyring = os_keyring.library(_WAY_OUT)
        problem: Exception | None = None
        try:
            return ask(keyring)
        except (keyring.errors.KeyringError, UnicodeError) as error:
            problem = error
        # Raised here, so that it carries no error of the library, which may quote a value.
        told = os_keyring.refused(problem, _WAY_OUT)
        raise UnreachableError(told.what, told.hint)


class UnreachableError(BackendError):
    """The keyring is locked, refuses, or is not there."""


def open_keyring(url: str, settings: Settings) -> KeyringBackend:
    """The backend that a URL means. Opens nothing. Raises ConfigError."""
    service = url.removeprefix(SCHEME)
    if not _SERVICE.fullmatch(service):
        raise ConfigError(f"{url!a} names no service", "write keyring:NAME, such as keyring:shop")
    if service == _OWN_SERVICE:
        raise ConfigError(
            f"{url} is where envguard keeps its own keys", "name another service: keyring:shop"
        )
    return KeyringBackend(service, settings)
