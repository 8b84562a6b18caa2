"""How the author of a backend runs the contract suite against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.core.backend import Backend
from envguard.core.config import Folders, Settings
from envguard.core.naming import Naming
from envguard.testing.contract import BackendContract, Home, Limits
from tests.contract.example_backend.backend import MOST_BYTES, open_example


class ExampleHome(Home):
    """A folder of the test's own, and what fits into it."""

    name = "example"
    limits = Limits(value=MOST_BYTES, key=100 - len("shop-"))
    many = 100

    def __init__(self, folder: Path) -> None:
        self.folders = Folders(folder / "config", folder / "data", folder / "cache")

    def open(self, *, endpoint: str = "", allow_expired: bool = False) -> Backend:
        """The backend, with the same folder each time."""
        settings = Settings(self.folders, None, None, {}, allow_expired=allow_expired)
        return open_example("example://vault/shop", settings, Naming())


class TestExample(BackendContract):
    """Every case; those for which there is nothing here, such as a server, are skipped."""

    @pytest.fixture
    def home(self, tmp_path: Path) -> ExampleHome:
        """A fresh home for each test."""
        return ExampleHome(tmp_path)
