"""What the tests of the jobs share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.jobs.project import Project
from tests.jobs.scans import Scanner


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty folder, outside git, without configuration."""
    return Project(tmp_path / "shop")


@pytest.fixture(scope="session")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Scanner:
    """Runs a scan; the compiled rules are kept for all tests."""
    return Scanner(tmp_path_factory.mktemp("cache"))
