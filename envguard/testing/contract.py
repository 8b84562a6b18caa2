"""What every backend does alike: the cases that a backend of one's own has to pass too.

    from envguard.testing.contract import BackendContract, Home

    class MyHome(Home):
        name = "mine"
        def open(self, *, endpoint="", allow_expired=False):
            return open_mine(f"mine://{self.folder}", …)

    class TestMine(BackendContract):
        @pytest.fixture
        def home(self, tmp_path):
            return MyHome(tmp_path)

Needs pytest. Cases for which a home has nothing (no server, no rights) are skipped, and say so.
"""

from __future__ import annotations

import pytest

from envguard.testing.case import Watch
from envguard.testing.failures import FailureCases
from envguard.testing.home import Home, Limits
from envguard.testing.values import ValueCases
from envguard.testing.writes import WriteCases

__all__ = ["BackendContract", "Home", "Limits"]


class BackendContract(FailureCases, WriteCases, ValueCases):
    """All cases, the last of these first. A subclass gives the fixture `home`."""

    @pytest.fixture
    def home(self) -> Home:
        """A fresh home for each test."""
        raise NotImplementedError("give your test class a fixture `home`")

    @pytest.fixture
    def watch(
        self,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> Watch:
        """Sees whether a value gets out."""
        return Watch(monkeypatch, caplog, capfd)
