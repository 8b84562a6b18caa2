"""hook run --env: no .env file with values is committed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.config import Settings, load
from envguard.core.errors import UsageError
from envguard.jobs.env_files import committed_values
from tests.jobs.scans import Scanner, token

if TYPE_CHECKING:
    from tests.conftest import Repository

Problems = list[tuple[str, int]]
UNDER_PRE_COMMIT = {"PRE_COMMIT": "1"}


@pytest.fixture
def settings(scan: Scanner) -> Settings:
    return Settings(scan.folders, None, None, {})


def look(
    root: Path, settings: Settings, chosen: str | None = None, environ: Mapping[str, str] = {}
) -> Problems:
    found = committed_values(root, chosen, load(root), settings._replace(environ=environ))
    return [(problem.path, problem.line) for problem in found]


def test_staged_values_of_private_files_are_refused(
    repository: Repository, settings: Settings
) -> None:
    repository.write(".env", "# settings\nDEBUG=true\nA=secret:A\nEMPTY=\nB=literal:x\n")
    repository.write("app/.env.local", "PORT=80\n")
    repository.git("add", "--all")
    assert look(repository.root, settings) == [(".env", 2), (".env", 5), ("app/.env.local", 1)]


def test_of_other_environments_only_secrets_are_refused(
    repository: Repository, settings: Settings
) -> None:
    repository.write(".env.test", f"DEBUG=true\nDB_PASSWORD=hunter2zz\nX={token()}\n")
    repository.git("add", "--all")
    assert look(repository.root, settings) == [(".env.test", 2), (".env.test", 3)]


@pytest.mark.parametrize("name", [".env.example", ".envrc", "env", ".env.sample", "notes.txt"])
def test_other_files_are_let_through(name: str, repository: Repository, settings: Settings) -> None:
    repository.write(name, f"DB_PASSWORD=hunter2zz\nX={token()}\n")
    repository.git("add", "--all")
    assert look(repository.root, settings) == []


def test_a_problem_names_the_key_and_not_the_value(
    repository: Repository, settings: Settings
) -> None:
    repository.write(".env", f"X={token()}\n")
    repository.git("add", "--all")
    (problem,) = committed_values(repository.root, None, load(repository.root), settings)
    assert "X has a value" in problem.what
    assert token() not in repr(problem)


def test_what_is_tracked_counts_only_under_pre_commit(
    repository: Repository, settings: Settings
) -> None:
    repository.commit({".env": "DEBUG=true\n"})
    assert look(repository.root, settings) == []
    assert look(repository.root, settings, environ=UNDER_PRE_COMMIT) == [(".env", 1)]
    repository.write("other.txt", "text\n")
    repository.git("add", "other.txt")
    assert look(repository.root, settings, environ=UNDER_PRE_COMMIT) == []


def test_removing_the_file_is_allowed(repository: Repository, settings: Settings) -> None:
    repository.commit({".env": "DEBUG=true\n"})
    repository.git("rm", "-q", "--cached", ".env")
    assert look(repository.root, settings, environ=UNDER_PRE_COMMIT) == []


def test_every_commit_of_a_range_counts(repository: Repository, settings: Settings) -> None:
    repository.commit({".env": "OLD=1\n"})
    repository.git("tag", "base")
    repository.commit({".env.local": "A=1\n"})
    repository.commit({".env.local": None})
    assert look(repository.root, settings, "base..HEAD") == [(".env.local", 1)]


def test_a_range_cannot_exclude_its_own_file(repository: Repository, settings: Settings) -> None:
    repository.commit({"envguard.toml": '[scan]\nexclude = ["shared/"]\n'})
    repository.git("tag", "base")
    exclude_all = '[scan]\nexclude = ["**"]\n'
    repository.commit({".env": "A=1\n", "shared/.env": "B=1\n", "envguard.toml": exclude_all})
    assert look(repository.root, settings, "base..HEAD") == [(".env", 1)]


def test_outside_a_repository_is_an_error(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(UsageError, match="is not in a git repository"):
        look(tmp_path, settings)
