"""The embedded store as a backend: `local:` and `local:///path/store.db`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from envguard.core.backend import Capability, Metadata, Version
from envguard.core.config import Folders
from envguard.core.errors import BackendError, ConfigError, UsageError
from envguard.core.reference import PROFILE_BACKEND, Reference
from envguard.core.secret import Secret
from envguard.store.database import present
from envguard.store.keys import KeySource, RootKey
from envguard.store.records import check_name
from envguard.store.store import Store

SCHEME = "local:"
STORE_FILE = "store.db"
KEY_FILE = "store.key"

DEFAULT_NAMESPACE = "default"
"""The namespace of a store that is named by its path, outside any project."""

_VERSION_DIGITS = 18  # more cannot be a version: SQLite's numbers end at 2^63


class NoStoreError(BackendError):
    """There is no store: everything is absent, and the first write makes it."""


class LocalBackend:
    """One namespace of an embedded store. Keeps nothing open between calls, so that threads and
    processes may share it. Only `write` makes a store, and its key with it."""

    capabilities = (
        Capability.READ
        | Capability.WRITE
        | Capability.DELETE
        | Capability.LIST
        | Capability.VERSIONS
    )

    def __init__(self, path: Path, key: KeySource, namespace: str) -> None:
        self.path = path
        self._key = key
        self._namespace = namespace

    def open(self, *, create: bool = False) -> Store:
        """The store itself, for what a backend does not offer: many writes in one transaction,
        descriptions. The caller closes it. Raises BackendError."""
        return Store.open(self.path, key=self._key, namespace=self._namespace, create=create)

    def root_key(self, *, create: bool = True) -> RootKey:
        """The key of the store, for what must be encrypted beside it. With `create` the store,
        and with it the key, is made where there is none yet, and the key must open it; without,
        the key is enough, also where the store is lost. Raises BackendError."""
        if create:
            self.open(create=True).close()
        found = self._key.find()
        if found is None:
            raise BackendError(f"the key of {self.path} is missing", "put its key file back")
        return found

    def find_key(self) -> RootKey | None:
        """The key of the store, where there is one. Raises BackendError for one that is none."""
        return self._key.find()

    def locate(self, key: str) -> Reference:
        """The reference to `key`, whose name it keeps. Raises NameNotAllowed."""
        return Reference(PROFILE_BACKEND, check_name(key))

    def check(self) -> None:
        """Verifies the store. Raises NoStoreError, or BackendError."""
        if not present(self.path):
            raise NoStoreError(
                f"there is no store at {self.path} yet",
                "the first `envguard secrets set NAME` makes it",
            )
        with self.open() as store:
            store.check()

    def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
        """The values of `refs`, all of one moment. A field that a JSON secret does not have is
        absent, as a version that is not kept. Raises BackendError."""
        if not refs or not present(self.path):
            return {}
        wanted = {ref: (ref.name, _version(ref)) for ref in refs}
        with self.open() as store:
            values = store.fetch(wanted.values())
        found: dict[Reference, Secret] = {}
        for ref, key in wanted.items():
            value = values.get(key)
            if value is not None and ref.field is not None:
                value = _field(ref, ref.field, value)
            if value is not None:
                found[ref] = value
        return found

    def write(self, ref: Reference, value: Secret, *, token: str) -> str:
        """Writes a value and returns its version, a number. Makes the store where needed."""
        name = check_name(_whole(ref))
        with self.open(create=True) as store:
            return str(store.write(name, value, token=token))

    def write_all(self, values: Mapping[Reference, Secret], *, token: str) -> dict[Reference, str]:
        """Writes all of them in one transaction, or none; otherwise as `write`."""
        names = {ref: check_name(_whole(ref)) for ref in values}
        with self.open(create=True) as store:
            written = store.write_many({names[r]: v for r, v in values.items()}, token=token)
        return {ref: str(written[name]) for ref, name in names.items()}

    def delete_all(self, refs: Sequence[Reference]) -> None:
        """Deletes all of them in one transaction."""
        names = [_whole(ref) for ref in refs]
        if names and present(self.path):
            with self.open() as store:
                store.delete_many(names)

    def current(self, refs: Sequence[Reference]) -> dict[Reference, str]:
        """The version in force of each name that is there."""
        if not refs or not present(self.path):
            return {}
        with self.open() as store:
            found = store.current({ref.name for ref in refs})
        return {ref: str(found[ref.name]) for ref in refs if ref.name in found}

    def versions(self, ref: Reference) -> Sequence[Version]:
        """Every version of a name, oldest first; none of one that was deleted."""
        if not present(self.path):
            return []
        with self.open() as store:
            return [Version(str(number), time) for number, time in store.versions(ref.name)]

    def delete(self, ref: Reference) -> bool:
        """Deletes a secret; its versions are kept, but not read. False where it was not there."""
        name = _whole(ref)
        if not present(self.path):
            return False
        with self.open() as store:
            return store.delete(name)

    def list(self) -> Sequence[Metadata]:
        """Every secret of the namespace, by name."""
        if not present(self.path):
            return []
        with self.open() as store:
            return store.list()


def open_local(
    url: str, *, folders: Folders, namespace: str, environ_key: str | None
) -> LocalBackend:
    """The backend that a URL means. `namespace` is the project's id, empty outside a project;
    `environ_key` is the value of ENVGUARD_KEY. Opens no file. Raises ConfigError."""
    # An empty variable is what CI systems make of a secret that is not set: as if it were not.
    given = Secret(environ_key) if environ_key else None
    if url == SCHEME:
        if not namespace:
            raise ConfigError("local: needs a project, and no project id is set", "envguard init")
        source = KeySource(folders.config / KEY_FILE, given)
        return LocalBackend(folders.data / STORE_FILE, source, namespace)
    path = Path(url.removeprefix(f"{SCHEME}//"))
    if not url.startswith(f"{SCHEME}//") or not path.is_absolute() or not path.name:
        raise ConfigError(
            f"{url!a} names no store", "write local: or local:///path/store.db, with a whole path"
        )
    source = KeySource(path.with_name(f"{path.name}.key"), given)
    return LocalBackend(path, source, namespace or DEFAULT_NAMESPACE)


def _whole(ref: Reference) -> str:
    """The name, where a reference means a whole secret and its current version."""
    if ref.field is not None or ref.version is not None:
        raise UsageError(
            f"{ref} is a part or a version, and only a whole secret can be changed",
            f"use {ref.backend}:{ref.name}",
        )
    return ref.name


def _version(ref: Reference) -> int | None:
    if ref.version is None:
        return None
    if not (ref.version.isascii() and ref.version.isdigit()):
        raise BackendError(
            f"{ref} names no version: here they are numbers, from 1",
            f"use {ref.backend}:{ref.name}@1, or leave the version out",
        )
    digits = ref.version.lstrip("0")
    # 0 is the version of nothing.
    return int(digits) if digits and len(digits) <= _VERSION_DIGITS else 0


def _field(ref: Reference, field: str, value: Secret) -> Secret | None:
    """A field of a JSON secret: a text as it is, anything else as JSON."""
    try:
        fields = json.loads(value.reveal())
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise BackendError(
            f"{ref.backend}:{ref.name} is no JSON object, so it has no field {field}",
            f"use {ref.backend}:{ref.name} without a field, or store a JSON object there",
        )
    if field not in fields:
        return None
    found = fields[field]
    if isinstance(found, str):
        return Secret(found)
    return Secret(json.dumps(found, ensure_ascii=False, separators=(",", ":")))
