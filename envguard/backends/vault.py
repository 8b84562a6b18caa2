"""HashiCorp Vault and OpenBao as backends: `vault://MOUNT/PATH`, over their key-value engine.

`?layout=json` (the default) keeps the keys as fields of the secret at PATH, `?layout=each` a secret
a key, in its field `value`. `?kv=1` says that the engine has version 1, and `?kv=2` saves asking.
Address, namespace, certificates and credentials are those that `vault` finds in the environment.
"""

from __future__ import annotations

import re
import secrets as random
from collections.abc import Iterable, Sequence
from functools import partial

from envguard.backends.service.notes import KEY
from envguard.backends.service.places import Alphabet, Place, Places
from envguard.backends.service.url import parse_url
from envguard.backends.vaultkv.about import changed, metadata, notes_of
from envguard.backends.vaultkv.backend_one import VaultOneBackend
from envguard.backends.vaultkv.change import Changes, history
from envguard.backends.vaultkv.change import change as change_once
from envguard.backends.vaultkv.client import VaultClient
from envguard.backends.vaultkv.engine import Engine
from envguard.backends.vaultkv.engine_one import EngineOne
from envguard.backends.vaultkv.values import check_size
from envguard.core.backend import About, Capability, Metadata, Version
from envguard.core.config import Settings
from envguard.core.errors import BackendError, ConfigError, NameNotAllowed
from envguard.core.naming import Naming, is_path
from envguard.core.reference import Reference
from envguard.core.secret import Secret

EXAMPLE = "vault://secret/shop/prod"

# Wildcards of policies (`*`, `+`) and what would end a path are left out:
# https://developer.hashicorp.com/vault/docs/concepts/policies#policy-syntax
NAMES = Alphabet(
    r"[A-Za-z0-9/_.:=~-]{1,512}", "letters, digits and / _ . : = ~ -, at most 512 of them"
)

_VERSION = re.compile(r"[1-9][0-9]{0,17}")


class VaultBackend(VaultOneBackend):
    """The keys of a program in an engine of version 2."""

    capabilities = VaultOneBackend.capabilities | Capability.VERSIONS | Capability.METADATA

    def check_version(self, ref: Reference) -> None:
        """Raises BackendError where a reference names a version that cannot be."""
        if ref.version is not None and not _VERSION.fullmatch(ref.version):
            raise BackendError(
                f"{ref} names no version: here they are numbers, from 1",
                f"use {ref.backend}:{ref.name}@1, or leave the version out",
            )

    def change(self, path: str, changes: Changes, token: str, *, key: str) -> dict[str, str]:
        """Changes fields of a secret; `key` is the one that the whole of it is for."""
        return change_once(
            self.engine,
            path,
            changes,
            token,
            check=partial(check_size, path),
            is_whole=bool(key),
            texts={KEY: key} if key else None,
        )

    def current(self, refs: Sequence[Reference]) -> dict[Reference, str]:
        """The version in force of each of `refs`; of a field, the one in which it changed."""
        found: dict[Reference, str] = {}
        for ref, versions in self._histories(refs).items():
            found[ref] = versions[-1].id
        return found

    def versions(self, ref: Reference) -> Sequence[Version]:
        """Every version that can be read, oldest first; of a field, those in which it changed."""
        return self._histories([ref]).get(ref, [])

    def _histories(self, refs: Iterable[Reference]) -> dict[Reference, Sequence[Version]]:
        """The versions of each reference that is there."""
        wanted: dict[str, dict[str | None, list[Reference]]] = {}
        for ref in refs:
            place = self.places.place(ref)
            wanted.setdefault(place.path, {}).setdefault(place.field, []).append(ref)

        def histories(path: str) -> dict[Reference, Sequence[Version]]:
            found: dict[Reference, Sequence[Version]] = {}
            fields = [field for field in wanted[path] if field is not None]
            rows = history(self.engine, path, fields) if fields else {}
            for field, versions in rows.items():
                found.update(dict.fromkeys(wanted[path][field], versions))
            if None in wanted[path]:
                known = self.engine.known(path)
                if known is not None and known.is_there:
                    found.update(dict.fromkeys(wanted[path][None], known.versions))
            return found

        found: dict[Reference, Sequence[Version]] = {}
        for outcome in self.for_each(wanted, histories):
            found.update(outcome)
        return found

    def list(self) -> Sequence[Metadata]:
        """Every key under the prefix, by name."""
        json_paths = self.places.json_paths()
        at: list[tuple[str, bool]] = [(path, True) for path in json_paths]
        if not self.places.is_json:
            names = self.engine.names(self.places.start)
            at += [(path, False) for path in names if path not in json_paths]
        rows = [row for found in self.for_each(at, self._rows) for row in found]
        return sorted(rows, key=lambda row: row.name)

    def _rows(self, at: tuple[str, bool]) -> Sequence[Metadata]:
        path, is_json = at
        known = self.engine.known(path)
        if known is None or not known.is_there:
            return []
        fields: Iterable[str | None] = [None]
        if is_json:
            fields = self.engine.get(path).fields or {}
        found = []
        for field in fields:
            notes = notes_of(known.texts, field)
            key = self.places.key(path, field)
            if notes.key and self._is_at(notes.key, Place(path, field)):
                key = notes.key
            if key is not None:
                found.append(metadata(key, known, notes))
        return found

    def _is_at(self, key: str, place: Place) -> bool:
        try:
            return self.places.place(self.locate(key)) == place
        except NameNotAllowed:
            return False

    def describe(
        self, ref: Reference, about: About, value: Secret | None = None, *, token: str = ""
    ) -> Metadata | None:
        """Writes what is said about a key, and before it its value, where one is given."""
        place = self.writable(ref)
        held = self.engine.get(place.path)
        changed(held.texts, place.field, notes_of(held.texts, place.field).after(about))
        if value is not None:
            self.write(ref, value, token=token or random.token_hex(16))
            held = self.engine.get(place.path)
        if held.fields is None or (place.field is not None and place.field not in held.fields):
            return None
        notes = notes_of(held.texts, place.field).after(about)
        texts = changed(held.texts, place.field, notes)
        if texts:
            self.engine.note(place.path, texts, held)
        known = self.engine.known(place.path)
        if known is None:
            return None
        return metadata(ref.name, known, notes)


def open_vault(url: str, settings: Settings, naming: Naming) -> VaultOneBackend:
    """The backend that a URL means. Opens no connection. Raises ConfigError."""
    parts = parse_url(url, EXAMPLE, layout="json", options=("kv",))
    stated = parts.options.get("kv", "")
    if stated not in ("", "1", "2"):
        raise ConfigError(f"{url} names no version of the engine", "write ?kv=1 or ?kv=2")
    places = Places(parts.prefix, parts.layout, naming, NAMES)
    client = _client(settings)
    mount = parts.place.strip("/")
    if not is_path(mount):
        raise ConfigError(f"{url} names no engine of vault", f"write it like {EXAMPLE}")
    if stated == "1":
        return VaultOneBackend(EngineOne(client, mount, stated), places, settings)
    return VaultBackend(Engine(client, mount, stated), places, settings)


def _client(settings: Settings) -> VaultClient:
    """A session with the server, the same each time where the program keeps it: its token is then
    renewed, and none is left behind by each of many logins."""
    kept = {} if settings.kept is None else settings.kept
    if "vault" not in kept:
        kept["vault"] = VaultClient(settings.environ)
    client: VaultClient = kept["vault"]
    return client
