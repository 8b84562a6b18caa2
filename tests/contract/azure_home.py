"""Homes of the Azure backend: a prefix of its own in a vault of the session."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.backends.azure import open_azure, vault_at
from envguard.backends.service.url import parse_url
from envguard.core.backend import Backend
from envguard.core.config import Folders, Settings
from envguard.core.naming import Naming
from envguard.testing.contract import Home, Limits
from tests.servers.azure import RESOURCE, Azure


class AzureHome(Home):
    """A secret a key."""

    name = "azure"
    limits = Limits(value=25 * 1024, key=127 - len("test-00000-"))
    options = ""
    many = 60

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self.azure: Azure = request.getfixturevalue("azure_server")
        self.endpoint = self.azure.server.url
        self.folder = folder
        self.prefix = self.azure.fresh_prefix()

    def open(self, *, endpoint: str = "", allow_expired: bool = False) -> Backend:
        return self._opened("ada", endpoint, allow_expired=allow_expired)

    def without_rights(self) -> Backend:
        return self._opened("bob")

    def with_wrong_credentials(self) -> Backend:
        return self._opened("nobody")

    def elsewhere(self) -> Backend:
        url = f"azure://127.0.0.1:1/{self.prefix}"
        return open_azure(url, self._settings("ada", allow_expired=False), Naming())

    def program(self, endpoint: str = "") -> tuple[str, dict[str, str]]:
        """The URL and the variables by which the program finds it; at an endpoint with TLS."""
        host = (endpoint or self.endpoint).partition("://")[2]
        return f"azure://{host}/{self.prefix}{self.options}", self.azure.environ()

    def _opened(self, caller: str, endpoint: str = "", *, allow_expired: bool = False) -> Backend:
        url = f"azure://{self.azure.host}/{self.prefix}{self.options}"
        parts = parse_url(url, url, layout="each")
        settings = self._settings(caller, allow_expired=allow_expired)
        return vault_at(endpoint or self.endpoint, RESOURCE, url, parts, settings, Naming())

    def _settings(self, caller: str, *, allow_expired: bool) -> Settings:
        folders = Folders(self.folder / "config", self.folder / "data", self.folder / "cache")
        environ = self.azure.environ(caller)
        return Settings(folders, None, None, environ, allow_expired=allow_expired)


class AzureJsonHome(AzureHome):
    """All keys in one JSON secret."""

    name = "azure, json"
    keys_are_fields = True
    limits = Limits(value=25 * 1024 - len('{"NAME": ""}'))
    options = "?layout=json"
