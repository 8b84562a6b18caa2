"""The secrets of one key-value engine of version 1: one version, no metadata, no check-and-set.

https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v1
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from envguard.backends.vaultkv.engine import Engine, Fields, Held, listed


class EngineOne(Engine):
    """As Engine, without what this version does not have."""

    version = "1"

    def at(self, kind: str, path: str) -> str:  # noqa: ARG002 - it has no kinds
        """The path of the API for a secret."""
        return f"{self.mount}/{path}"

    def get(self, path: str, version: str | None = None) -> Held:  # noqa: ARG002 - it has one
        """What a secret holds. Raises BackendError."""
        self.check_version(path)
        answer = self.client.call("GET", self.at("", path), needs="read")
        return Held(answer.body.get("data"))

    def put(self, path: str, fields: Fields, base: int = 0) -> int:
        """Writes a secret."""
        self.client.call("POST", self.at("", path), fields, needs="create update", absent=False)
        return base

    def remove(self, path: str) -> bool:
        """Deletes a secret for good. False where it was not there."""
        if self.get(path).fields is None:
            return False
        self.client.call("DELETE", self.at("", path), needs="delete", absent=False)
        return True

    def names(self, folder: str) -> Iterator[str]:
        """The paths of all secrets below a folder."""
        self.check_version(folder)
        yield from listed(self.client, self.at("", ""), folder)

    def rights(self, path: str, folder: str) -> Mapping[str, tuple[Sequence[str], str]]:
        """For each right the capabilities that a token needs, and where."""
        at, below = self.at("", path), self.at("", folder)
        return {
            "read": (("read",), at),
            "write": (("create", "read", "update"), at),
            "list": (("list",), below),
            "delete": (("read", "delete"), at),
        }
