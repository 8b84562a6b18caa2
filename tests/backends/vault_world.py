"""What the tests of Vault share: a path of its own in the server of the session, and its caller."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

from envguard.backends.vault import VaultBackend, open_vault
from envguard.backends.vaultkv.backend_one import VaultOneBackend
from envguard.core.config import Folders, Settings
from envguard.core.naming import Naming
from tests.servers.vault import Vault


class World:
    """One user of Vault."""

    def __init__(self, vault: Vault, folder: Path) -> None:
        self.vault = vault
        self.path = f"test-{token_hex(6)}"
        self._folder = folder

    def settings(self, *, allow_expired: bool = False, **environ: str) -> Settings:
        """Those of a caller whose variables these are, root's where there are none."""
        folders = Folders(self._folder / "config", self._folder / "data", self._folder / "cache")
        known = {"VAULT_TOKEN": self.vault.root} if "VAULT_TOKEN" not in environ else {}
        own = {"HOME": str(self._folder), "VAULT_ADDR": self.vault.address, **known, **environ}
        return Settings(folders, None, None, own, allow_expired=allow_expired)

    def open(
        self,
        behind: str = "",
        *,
        groups: Mapping[str, tuple[str, ...]] | None = None,
        names: Mapping[str, str] | None = None,
        case: str = "keep",
        **environ: str,
    ) -> VaultBackend:
        """The engine of version 2; `behind` follows the path of this test."""
        naming = Naming(case, groups or {}, names or {})
        url = f"vault://secret/{self.path}{behind}"
        found = open_vault(url, self.settings(**environ), naming)
        assert isinstance(found, VaultBackend)
        return found

    def old(self, query: str = "?kv=1") -> VaultOneBackend:
        """The engine of version 1."""
        return open_vault(f"vault://old/{self.path}{query}", self.settings(), Naming())

    def held(self, below: str = "", mount: str = "secret/data") -> Any:
        """The fields of a secret, as another program reads them."""
        said = self.vault.call("GET", f"{mount}/{self.path}{below}")["data"]
        return said["data"] if mount.endswith("data") else said

    def texts(self, below: str = "") -> Mapping[str, str]:
        """The custom metadata of a secret."""
        said = self.vault.call("GET", f"secret/metadata/{self.path}{below}")["data"]
        return said["custom_metadata"] or {}
