"""Homes of the Vault backend: a path of its own in a server of the session."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex

import pytest

from envguard.backends.vault import open_vault
from envguard.backends.vaultkv.values import LARGEST
from envguard.core.backend import Backend
from envguard.core.config import Folders, Settings
from envguard.core.naming import Naming
from envguard.testing.contract import Home, Limits
from tests.servers.vault import Vault


class VaultHome(Home):
    """All keys are fields of one secret."""

    name = "vault"
    keys_are_fields = True
    limits = Limits(value=LARGEST - len('{"NAME": ""}'))
    url = "vault://{}/test/{}"

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self.vault: Vault = request.getfixturevalue("vault")
        self.endpoint = self.vault.address
        self.folder = folder
        self.path = token_hex(6)

    def open(self, *, endpoint: str = "", allow_expired: bool = False) -> Backend:
        return self._opened(self.vault.root, endpoint, allow_expired=allow_expired)

    def without_rights(self) -> Backend:
        return self._opened(self.vault.token("default"))

    def with_wrong_credentials(self) -> Backend:
        return self._opened("hvs.of-nobody")

    def elsewhere(self) -> Backend:
        return self._opened(self.vault.root, mount="nowhere")

    def program(self, endpoint: str = "") -> tuple[str, dict[str, str]]:
        """The URL and the variables by which the program finds it."""
        environ = {"VAULT_ADDR": endpoint or self.endpoint, "VAULT_TOKEN": self.vault.root}
        return self.url.format("secret", self.path), environ

    def _opened(
        self,
        token: str,
        endpoint: str = "",
        *,
        mount: str = "secret",
        allow_expired: bool = False,
    ) -> Backend:
        folder = self.folder
        folders = Folders(folder / "config", folder / "data", folder / "cache")
        environ = {
            "HOME": str(folder),
            "VAULT_ADDR": endpoint or self.vault.address,
            "VAULT_TOKEN": token,
        }
        settings = Settings(folders, None, None, environ, allow_expired=allow_expired)
        return open_vault(self.url.format(mount, self.path), settings, Naming())


class VaultEachHome(VaultHome):
    """A secret for each key."""

    name = "vault, each"
    keys_are_fields = False
    limits = Limits(value=LARGEST - len('{"value": ""}'), key=512 - len("test/123456789012/"))
    url = "vault://{}/test/{}?layout=each&kv=2"
    many = 100
