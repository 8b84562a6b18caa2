"""The embedded store as a backend: `local:` and `local:///path/store.db`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from envguard.core import age
from envguard.core.actor import Actor
from envguard.core.backend import About, Capability, Metadata, Version
from envguard.core.config import Settings
from envguard.core.errors import BackendError, ConfigError
from envguard.core.parts import each, whole
from envguard.core.reference import PROFILE_BACKEND, Reference
from envguard.core.secret import Secret
from envguard.store.database import DamagedError, present
from envguard.store.keys import KeySource, RootKey, WrongKeyError, read_key_file
from envguard.store.records import check_name
from envguard.store.seen import Seen
from envguard.store.store import NOTHING, Store

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
        | Capability.METADATA
    )

    def __init__(self, path: Path, key: KeySource, namespace: str, settings: Settings) -> None:
        self.path = path
        self.key = key
        self.namespace = namespace
        self._settings = settings
        self._actor = Actor.of(settings.environ)

    def open(self, *, create: bool = False) -> Store:
        """The store itself, for what a backend does not offer: its key, its trail, backups. The
        caller closes it. Raises BackendError."""
        return Store.open(
            self.path,
            key=self.key,
            namespace=self.namespace,
            create=create,
            actor=self._actor,
        )

    def record(self, action: str, names: Iterable[str] = (), detail: str = "") -> None:
        """Writes a line of the trail, where there is a store. Raises BackendError."""
        if present(self.path):
            with self.open() as store:
                store.record(action, names, detail)

    def with_key(self, text: Secret) -> LocalBackend:
        """The same store, opened by this key alone."""
        given = KeySource(self.key.file, text)
        return LocalBackend(self.path, given, self.namespace, self._settings)

    def root_key(self, *, create: bool = True) -> RootKey:
        """The key of the store, for what must be encrypted beside it. With `create` the store,
        and with it the key, is made where there is none yet, and the key must open it; without,
        the key is enough, also where the store is lost. Raises BackendError."""
        if create:
            self.open(create=True).close()
        found = self.find_key()
        if found is None:
            if not present(self.path):
                raise NoStoreError(
                    f"there is no store at {self.path}, and no key of one",
                    f"make one: envguard secrets set NAME; or put a copy back: {self.key.file}",
                )
            raise BackendError(f"the key of {self.path} is missing", "put its key file back")
        return found

    def find_key(self) -> RootKey | None:
        """The key of the store, where there is one; where the store is gone or damaged, the one
        that its key file holds. Raises BackendError for one that is none."""
        try:
            if present(self.path):
                with self.open() as store:
                    return store.root_key
        except (DamagedError, WrongKeyError):
            pass
        return self.key.find()

    def root_keys(self) -> list[RootKey]:
        """The key of the store, and those that it had before and that were not forgotten; where
        the store does not open, those whose files are still beside the key file."""
        found = self.find_key()
        keys = [] if found is None else [found]
        try:
            if present(self.path):
                with self.open() as store:
                    return [*keys, *store.retired()]
        except (DamagedError, WrongKeyError):
            pass
        for file in sorted(self.key.file.parent.glob(f"{self.key.file.name}.*")):
            with suppress(BackendError, FileNotFoundError):
                keys.append(read_key_file(file))
        return keys

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
        absent, as a version that is not kept. Raises BackendError, also where the store is gone."""
        if not refs or not self._is_there():
            return {}
        wanted: list[tuple[str, int | None]] = []
        for ref in refs:
            with suppress(BackendError):  # told below, with the others
                wanted.append((ref.name, _version(ref)))
        with self.open() as store:
            values = store.fetch(
                wanted,
                action=self._settings.purpose,
                allow_expired=self._settings.allow_expired,
            )
        return each(refs, lambda ref: values.get((ref.name, _version(ref))))

    def _is_there(self) -> bool:
        """Whether there is a store. Raises BackendError where there was one, by its key file and
        what was seen of it: what it held is lost, and not absent. A key alone is one that was
        handed over, or made for a store of which nothing came."""
        if present(self.path):
            return True
        if self.key.given is None and self.key.file.exists() and self._was_seen():
            raise BackendError(
                f"the store {self.path} is gone, and its key {self.key.file} is still there",
                f"put a backup of {self.path.name} back, or begin anew: envguard secrets set NAME",
            )
        return False

    def _was_seen(self) -> bool:
        seen = Seen(self.key.seen)
        seen.look()
        return bool(seen.store)

    def write(self, ref: Reference, value: Secret, *, token: str) -> str:
        """Writes a value and returns its version, a number. Makes the store where needed."""
        name = check_name(whole(ref))
        with self.open(create=True) as store:
            return str(store.write(name, value, token=token))

    def write_all(self, values: Mapping[Reference, Secret], *, token: str) -> dict[Reference, str]:
        """Writes all of them in one transaction, or none; otherwise as `write`."""
        names = {ref: check_name(whole(ref)) for ref in values}
        with self.open(create=True) as store:
            written = store.write_many({names[r]: v for r, v in values.items()}, token=token)
        return {ref: str(written[name]) for ref, name in names.items()}

    def delete_all(self, refs: Sequence[Reference]) -> None:
        """Deletes all of them in one transaction."""
        names = [whole(ref) for ref in refs]
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
        name = whole(ref)
        if not present(self.path):
            return False
        with self.open() as store:
            return store.delete(name)

    def describe(
        self, ref: Reference, about: About, value: Secret | None = None, *, token: str = ""
    ) -> Metadata | None:
        """Writes what is said about a secret, and with it its value, where one is given."""
        name = check_name(whole(ref))
        if value is None and not present(self.path):
            return None
        with self.open(create=value is not None) as store:
            if value is not None:
                store.write(name, value, token=token, about=about)
            return store.describe(name, NOTHING if value is not None else about)

    def list(self) -> Sequence[Metadata]:
        """Every secret of the namespace, by name."""
        if not self._is_there():
            return []
        with self.open() as store:
            return store.list()


def open_local(url: str, settings: Settings, *, namespace: str) -> LocalBackend:
    """The backend that a URL means. `namespace` is the project's id, empty outside a project.
    Opens no file. Raises ConfigError."""
    # An empty variable is what CI systems make of a secret that is not set: as if it were not.
    # One that is an identity of age is for the backend `age:`.
    key = settings.key
    given = Secret(key) if key and not key.lstrip().startswith(age.IDENTITY) else None
    if url == SCHEME:
        if not namespace:
            raise ConfigError("local: needs a project, and no project id is set", "envguard init")
        source = KeySource(settings.folders.config / KEY_FILE, given, settings.ask)
        return LocalBackend(settings.folders.data / STORE_FILE, source, namespace, settings)
    path = Path(url.removeprefix(f"{SCHEME}//"))
    if not url.startswith(f"{SCHEME}//") or not path.is_absolute() or not path.name:
        raise ConfigError(
            f"{url!a} names no store", "write local: or local:///path/store.db, with a whole path"
        )
    source = KeySource(path.with_name(f"{path.name}.key"), given, settings.ask)
    return LocalBackend(path, source, namespace or DEFAULT_NAMESPACE, settings)


def own_store(settings: Settings, namespace: str) -> LocalBackend:
    """This user's own store, for the trail of what is done with other backends. It never asks
    for a passphrase: nobody expects that question there."""
    quiet = settings._replace(ask=None)
    return open_local(SCHEME, quiet, namespace=namespace or DEFAULT_NAMESPACE)


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
