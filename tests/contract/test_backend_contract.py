"""The contract suite, run against every backend of our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.testing.contract import BackendContract, Home
from tests.contract.homes import HOMES


class TestEveryBackend(BackendContract):
    """Each case with each home."""

    @pytest.fixture(params=list(HOMES))
    def home(self, request: pytest.FixtureRequest, tmp_path: Path) -> Home:
        return HOMES[request.param](request, tmp_path)
