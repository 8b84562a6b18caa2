"""What each start of the program loads: libraries are looked for in `sys.modules`, not timed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.envfile import python_dotenv
from tests.cli.program import PROGRAM, call

if TYPE_CHECKING:
    from tests.conftest import Repository

# Written into a folder of PYTHONPATH; `run` never ends in Python, so its exec is told, too.
SITECUSTOMIZE = """
import atexit
import os
import sys

def tell():
    with open(os.environ["MODULES_FILE"], "w") as file:
        file.write("\\n".join(sys.modules))

def telling(*arguments, _execve=os.execve):
    tell()
    return _execve(*arguments)

atexit.register(tell)
os.execve = telling
"""

SDKS = ("boto3", "botocore", "hvac", "google", "azure", "kubernetes", "keyring", "pyrage")
NEVER = {*SDKS, "detect_secrets", "git", "gitdb", "pydantic", "fastapi", "requests", "urllib3"}
COMMAND_LINE = {"typer", "click", "rich", "pygments"}
HEAVY = {"asyncio", "http", "email", "ssl", "concurrent", "multiprocessing", "unittest"}
STORE = {"cryptography", "sqlite3"}
CIPHERS = {"cryptography.hazmat.primitives.ciphers"}
SCANNER = {"hyperscan"}
# Of the standard library, each 1 to 12 ms. `_hashlib` is OpenSSL.
SLOW = {"argparse", "dataclasses", "inspect", "logging", "random", "shutil", "tempfile"}
OPENSSL = {"_hashlib", "_ssl"}
# Our own that only rules or findings need.
DETAILS = {"envguard.detection.rulebook", "envguard.detection.scoring", "envguard.reports.json"}

Modules = set[str]


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[..., Modules]:
    """The modules that a call of the program has loaded at its end."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITECUSTOMIZE)
    told = tmp_path / "modules"

    def run(folder: Path, *arguments: str, code: int = 0) -> Modules:
        environ = {"PYTHONPATH": str(tmp_path / "site"), "MODULES_FILE": str(told)}
        # Whoever measures coverage loads modules of its own.
        given = {name: text for name, text in os.environ.items() if not name.startswith("COV")}
        done = subprocess.run(
            [PROGRAM, *arguments],
            cwd=folder,
            env={**given, **environ},
            capture_output=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return set(told.read_text().splitlines())

    return run


@pytest.fixture
def project(repository: Repository) -> Path:
    """A project that is set up, with references in its .env and something staged."""
    assert call("init", "--yes", cwd=repository.root).code == 0
    assert call("secrets", "set", "A", "value", cwd=repository.root).code == 0
    repository.write(".env", "A=secret:A\nB=literal:text\nC=plain\n")
    repository.write("a.py", "print('hello')\n")
    repository.git("add", "a.py")
    assert call("scan", "--staged", cwd=repository.root).code == 0  # fills the cache
    return repository.root


def test_run_loads_what_it_needs_and_no_more(project: Path, loaded: Callable[..., Modules]) -> None:
    modules = loaded(project, "run", "--", "true")
    assert modules >= {"envguard.envfile.python_dotenv", *STORE}
    assert modules & (NEVER | COMMAND_LINE | HEAVY | SCANNER | SLOW | CIPHERS) == set()
    # Of python-dotenv, its parser alone: not the package.
    assert modules & {"tomlkit", "dotenv", "subprocess", "yaml"} == set()


def test_get_starts_without_the_command_line(project: Path, loaded: Callable[..., Modules]) -> None:
    modules = loaded(project, "secrets", "get", "A")
    assert modules >= STORE
    assert modules & (NEVER | COMMAND_LINE | HEAVY | SCANNER | SLOW | CIPHERS) == set()


def test_run_without_references_opens_no_store(
    project: Path, loaded: Callable[..., Modules]
) -> None:
    (project / ".env").write_text("C=plain\n")
    modules = loaded(project, "run", "--", "true")
    unneeded = NEVER | COMMAND_LINE | HEAVY | SCANNER | SLOW | STORE
    assert modules & (unneeded | {"tomlkit", "dotenv", "subprocess", "yaml"}) == set()


@pytest.mark.parametrize("arguments", [["scan", "--staged"], ["hook", "run"]])
def test_a_staged_scan_loads_what_it_needs_and_no_more(
    arguments: list[str], project: Path, loaded: Callable[..., Modules]
) -> None:
    modules = loaded(project, *arguments)
    assert modules >= {"envguard", *SCANNER}
    unneeded = NEVER | COMMAND_LINE | HEAVY | STORE | SLOW | OPENSSL | DETAILS
    assert modules & (unneeded | {"tomlkit", "dotenv", "yaml"}) == set()


def test_the_hook_for_env_files_loads_no_more(
    project: Path, loaded: Callable[..., Modules]
) -> None:
    modules = loaded(project, "hook", "run", "--env")
    assert modules & (NEVER | COMMAND_LINE | HEAVY | STORE | {"tomlkit"}) == set()


def test_the_version_loads_nothing(tmp_path: Path, loaded: Callable[..., Modules]) -> None:
    modules = loaded(tmp_path, "--version")
    libraries = NEVER | COMMAND_LINE | HEAVY | STORE | SCANNER
    assert modules & (libraries | {"tomlkit", "dotenv", "json", "subprocess", "tomllib"}) == set()


@pytest.mark.parametrize("arguments", [["--help"], ["scan", "--help"], ["secrets", "get", "-h"]])
def test_help_loads_typer_and_no_library_of_the_commands(
    arguments: list[str], tmp_path: Path, loaded: Callable[..., Modules]
) -> None:
    modules = loaded(tmp_path, *arguments)
    assert "typer" in modules
    never = NEVER - {"pydantic"}  # typer reads its options with it
    assert modules & (never | STORE | SCANNER | {"tomlkit", "dotenv", "tomllib"}) == set()


def test_the_cases_can_fail(tmp_path: Path, loaded: Callable[..., Modules]) -> None:
    """A scan outside the cache, `secrets` and `init` do load what the others must not."""
    (tmp_path / "x.txt").write_text("text\n")
    seen = loaded(tmp_path, "secrets", "set", "A", "1", "--store", "s.db")
    assert seen >= {*STORE, *OPENSSL - {"_ssl"}, "typer", "shutil", "tempfile"}
    assert loaded(tmp_path, "scan", "--no-cache") >= {"envguard.detection.rulebook"}
    assert "tomlkit" in loaded(tmp_path, "init", "--yes")


@pytest.mark.parametrize("package", sorted(CIPHERS | {"dotenv"}))
def test_the_packages_that_are_passed_by_would_be_slow(package: str) -> None:
    """Where one of them no longer loads more than its parts, `load_alone` is not needed for it."""
    listed = subprocess.run(
        [sys.executable, "-c", f"import {package}, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert set(listed) & {"logging", "cryptography.hazmat.primitives.ciphers.modes"}


def test_the_parser_of_python_dotenv_is_its_own_and_is_read_alone() -> None:
    import dotenv.parser

    ours, theirs = python_dotenv.Binding, dotenv.parser.Binding
    assert ours is not theirs
    assert (ours.__module__, ours._fields) == (theirs.__module__, theirs._fields)
