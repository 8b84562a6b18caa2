"""The secrets of one key-value engine of version 2: their fields, versions and custom metadata.

https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from envguard.backends.service.parallel import each_of
from envguard.backends.service.rest import Answer
from envguard.backends.vaultkv.client import CONNECTIONS, VaultClient, policy_line
from envguard.backends.vaultkv.refusals import DeniedError
from envguard.core import dates
from envguard.core.backend import Version
from envguard.core.errors import BackendError, ConfigError

Fields = Mapping[str, Any]
Texts = Mapping[str, str]


class Held(NamedTuple):
    """A version of a secret. `fields` are None where it was deleted, `texts` its custom metadata.
    Version 0: nothing was ever written there."""

    fields: Fields | None
    version: int = 0
    created: str = ""
    texts: Texts = MappingProxyType({})

    def __repr__(self) -> str:
        return f"Held({self.version})"


class Known(NamedTuple):
    """What is known of a secret without its values: `versions` are those that can be read."""

    current: int
    created: str
    updated: str
    texts: Texts
    versions: Sequence[Version]

    @property
    def is_there(self) -> bool:
        """Whether the version in force can be read."""
        return bool(self.versions) and self.versions[-1].id == str(self.current)


class Engine:
    """One mount. `stated` is the version that the URL gives to it, empty where it is to be
    asked for."""

    version = "2"

    def __init__(self, client: VaultClient, mount: str, stated: str = "") -> None:
        self.client = client
        self.mount = mount
        self._is_checked = bool(stated)
        self._lock = threading.Lock()

    def check_version(self, path: str) -> None:
        """Asks once which version the engine has, by a call that Vault answers whoever may do
        anything below it. `path` is what the caller is about. Raises ConfigError where it is
        another one, and DeniedError.
        https://developer.hashicorp.com/vault/api-docs/system/internal-ui-mounts"""
        with self._lock:
            if not self._is_checked:
                self.ask_version(path)
                self._is_checked = True

    def ask_version(self, path: str) -> None:
        """As `check_version`, also where the URL states one."""
        denied = False
        try:
            asked = f"sys/internal/ui/mounts/{self.mount}"
            said = self.client.call("GET", asked, needs="read").body.get("data") or {}
        except DeniedError:
            denied = True
        if denied:
            raise DeniedError(
                f"vault has no engine {self.mount}/, or lets the token do nothing in it",
                f"vault secrets list; add to the policy: "
                f"{policy_line(self.at('data', path), 'read')}; "
                f"or state the version of the engine in the URL: ?kv={self.version}",
            )
        found = str((said.get("options") or {}).get("version") or "1")
        if said.get("type") not in ("kv", "generic"):
            raise ConfigError(
                f"the engine {self.mount}/ of vault keeps no keys and values",
                f"make one: vault secrets enable -path={self.mount}-kv -version=2 kv",
            )
        if found != self.version:
            raise ConfigError(
                f"the engine {self.mount}/ of vault has version {found}",
                f"say so in the URL of the backend: ?kv={found}",
            )

    def at(self, kind: str, path: str) -> str:
        """The path of the API for a secret; `kind` is `data` or `metadata`."""
        return f"{self.mount}/{kind}/{path}"

    def get(self, path: str, version: str | None = None) -> Held:
        """A version of a secret, the one in force where None. Raises BackendError."""
        self.check_version(path)
        query = f"?version={version}" if version is not None else ""
        answer = self.client.call("GET", self.at("data", path), query=query, needs="read")
        said = answer.body.get("data") or {}
        meta = said.get("metadata") or {}
        return Held(
            said.get("data"),
            int(meta.get("version") or 0),
            _time(meta, "created_time"),
            _texts(meta),
        )

    def put(self, path: str, fields: Fields, base: int) -> int:
        """Writes a version after the version `base`; its number. Raises ChangedError where there
        is another one by now."""
        body = {"options": {"cas": base}, "data": fields}
        answer = self.client.call(
            "POST", self.at("data", path), body, needs="create update", absent=False
        )
        return int((answer.body.get("data") or {}).get("version") or 0)

    def note(self, path: str, texts: Mapping[str, str | None], held: Held) -> None:
        """Writes custom metadata, None takes away; `held` is what was there. Raises
        BackendError."""
        meta = self.at("metadata", path)
        body: Mapping[str, object] = {"custom_metadata": dict(texts)}
        try:
            answer = self.client.call("PATCH", meta, body, needs="patch")
        except DeniedError:
            pass  # policies that were written before Vault 1.9 know no patch
        else:
            if answer.status != 404:
                return
        after = {k: v for k, v in {**held.texts, **texts}.items() if v is not None}
        needs = "create update patch"
        self.client.call("POST", meta, {"custom_metadata": after}, needs=needs, absent=False)

    def remove(self, path: str) -> bool:
        """Deletes the version in force, which `vault kv undelete` brings back. False where there
        is none."""
        if self.get(path).fields is None:
            return False
        self.client.call("DELETE", self.at("data", path), needs="delete", absent=False)
        return True

    def known(self, path: str) -> Known | None:
        """What is known of a secret; None where there is none. Raises BackendError."""
        self.check_version(path)
        answer = self.client.call("GET", self.at("metadata", path), needs="read")
        said = answer.body.get("data")
        if not said:
            return None
        rows = sorted((int(number), row) for number, row in (said.get("versions") or {}).items())
        now = dates.now()
        return Known(
            int(said.get("current_version") or 0),
            _time(said, "created_time"),
            _time(said, "updated_time"),
            _texts(said),
            [
                Version(str(number), _time(row, "created_time"))
                for number, row in rows
                if not row.get("destroyed") and not _is_over(_time(row, "deletion_time"), now)
            ],
        )

    def names(self, folder: str) -> Iterator[str]:
        """The paths of all secrets below a folder (empty, or with a slash at its end)."""
        self.check_version(folder)
        yield from listed(self.client, self.at("metadata", ""), folder)

    def rights(self, path: str, folder: str) -> Mapping[str, tuple[Sequence[str], str]]:
        """For each right the capabilities that a token needs, and where."""
        data, meta = self.at("data", path), self.at("metadata", path)
        return {
            "read": (("read",), data),
            "write": (("create", "read", "update"), data),
            "note": (("create", "update"), meta),
            "list": (("list",), self.at("metadata", folder)),
            "known": (("read",), meta),
            "delete": (("read", "delete"), data),
        }


def listed(client: VaultClient, base: str, folder: str) -> Iterator[str]:
    """The paths of all secrets below a folder; what is at `base` is where listings begin."""
    waiting = [folder]
    while waiting:
        pages = each_of(
            waiting,
            lambda one: client.call("LIST", base + one, needs="list"),
            workers=CONNECTIONS,
        )
        waiting = []
        for one, page in pages.items():
            if isinstance(page, BackendError):
                raise page
            for name in _keys(page):
                if name.endswith("/"):
                    waiting.append(one + name)
                else:
                    yield one + name


def _is_over(deletion: str, now: str) -> bool:
    """Whether a time of deletion has come: with `delete_version_after` it lies ahead."""
    return bool(deletion) and deletion <= now


def _keys(page: Answer) -> Sequence[str]:
    return (page.body.get("data") or {}).get("keys") or []


def _texts(meta: Mapping[str, Any]) -> Texts:
    return {str(key): str(text) for key, text in (meta.get("custom_metadata") or {}).items()}


def _time(said: Mapping[str, Any], name: str) -> str:
    """A time of Vault's, which has nine places, in dates.FORMAT."""
    return re.sub(r"\.\d+", "", str(said.get(name) or ""))
