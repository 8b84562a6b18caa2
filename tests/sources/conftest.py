"""Repositories for the sources' tests."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.sources.git import Git, find

if TYPE_CHECKING:
    from tests.conftest import Repository


def found(path: Path, *, allow_bare: bool = False) -> Git:
    """The repository at a path, which must be there."""
    git = find(path, allow_bare=allow_bare)
    assert git is not None
    return git


@pytest.fixture
def opened() -> Callable[..., Git]:
    return found


@pytest.fixture
def git(repository: Repository) -> Git:
    """The repository `repository`, opened."""
    return found(repository.root)


@pytest.fixture
def clone(tmp_path: Path) -> Callable[..., Path]:
    """Clones a repository over file://: `clone(repository, *git_clone_options)`."""

    def make(source: Repository, *options: str, name: str = "clone") -> Path:
        source.git("config", "uploadpack.allowFilter", "true")
        target = tmp_path / name
        subprocess.run(
            ["git", "clone", "--quiet", *options, f"file://{source.root}", str(target)],
            check=True,
            capture_output=True,
        )
        return target

    return make
