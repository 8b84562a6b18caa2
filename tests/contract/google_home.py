"""Homes of the Google backend: a prefix of its own in a server of the session."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.backends.gcp import open_gcp
from envguard.core.backend import Backend
from envguard.core.config import Folders, Settings
from envguard.core.naming import Naming
from envguard.testing.contract import Home, Limits
from tests.servers.google import PROJECT, Google


class GoogleHome(Home):
    """A secret a key."""

    name = "gcp"
    limits = Limits(value=65_536, key=255 - len("test-00000-"), empty=False)
    url = "gcp://{}/{}"
    many = 60

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self.google: Google = request.getfixturevalue("google_server")
        self.endpoint = self.google.server.url
        self.folder = folder
        self.prefix = self.google.fresh_prefix()

    def open(self, *, endpoint: str = "", allow_expired: bool = False) -> Backend:
        return self._opened(PROJECT, "ada", endpoint, allow_expired=allow_expired)

    def without_rights(self) -> Backend:
        return self._opened(PROJECT, "bob")

    def with_wrong_credentials(self) -> Backend:
        return self._opened(PROJECT, "nobody")

    def elsewhere(self) -> Backend:
        return self._opened("another-project", "ada")

    def program(self, endpoint: str = "") -> tuple[str, dict[str, str]]:
        """The URL and the variables by which the program finds it."""
        return self.url.format(PROJECT, self.prefix), self.google.environ("ada", endpoint)

    def _opened(
        self, project: str, caller: str, endpoint: str = "", *, allow_expired: bool = False
    ) -> Backend:
        environ = self.google.environ(caller, endpoint)
        folders = Folders(self.folder / "config", self.folder / "data", self.folder / "cache")
        settings = Settings(folders, None, None, environ, allow_expired=allow_expired)
        return open_gcp(self.url.format(project, self.prefix), settings, Naming())


class GoogleJsonHome(GoogleHome):
    """All keys in one JSON secret."""

    name = "gcp, json"
    keys_are_fields = True
    limits = Limits(value=65_536 - len('{"NAME": ""}'))
    url = "gcp://{}/{}?layout=json"
