"""What every test gets: a home of its own, no cloud settings, and no way out but loopback."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.servers.vault import Vault

# The contract suite is a part of the package, and its assertions say as much as ours.
pytest.register_assert_rewrite("envguard.testing")

# A busy machine is no failure, and one tree gives one result. Proofs try what was never tried.
settings.register_profile("envguard", deadline=None, derandomize=True)
settings.register_profile("prove", deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("prove" if config.option.markexpr == "prove" else "envguard")


CALLER_HOME = os.environ.get("HOME", "")
"""The home of whoever runs the tests, before each test gets its own: package settings are there."""

CLEARED = (
    "AWS_",
    "AZURE_",
    "GOOGLE_",
    "GCP_",
    "VAULT_",
    "BAO_",
    "GIT_",
    "ENVGUARD_",
    "PRE_COMMIT",
    "XDG_",
    # A CI system that runs the tests.
    "GITHUB_",
    "GITLAB_",
    "CI_",
    "TF_BUILD",
    "CIRCLE",
    "BITBUCKET_",
    "JENKINS_",
)
IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_CONFIG_NOSYSTEM": "1",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden files anew, then look at them",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with a file of tests/golden: `golden(name, text)`."""
    folder = Path(__file__).parent / "golden"

    def compare(name: str, text: str) -> None:
        if request.config.getoption("--update-golden"):
            (folder / name).write_text(text, encoding="utf-8")
        assert text == (folder / name).read_text(encoding="utf-8")

    return compare


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Keeps a line that a proof says of itself, for the summary: `figure(text)`."""
    return lambda text: record_property("figure", text)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.option.markexpr != "prove":
        return
    terminalreporter.section("figures")
    for report in [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]:
        for name, text in report.user_properties:
            if name == "figure":
                terminalreporter.line(f"{report.nodeid.partition('::')[0]}: {text}")


@pytest.fixture(autouse=True)
def own_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own; returns it."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(CLEARED):
            monkeypatch.delenv(name)
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(home))

    connect = socket.socket.connect

    def connect_to_loopback(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and str(address[0]) not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test connects to {address[0]}")
        connect(self, address)  # type: ignore[arg-type]  # whatever the caller gave

    monkeypatch.setattr(socket.socket, "connect", connect_to_loopback)
    return home


class Repository:
    """A git repository that a test fills. Paths are relative to its top."""

    def __init__(self, root: Path, *options: str) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", *options)

    def git(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            check=False,
            capture_output=True,
            text=True,
            errors="surrogateescape",
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def commit(
        self, files: dict[str, str | bytes | None] | None = None, message: str = "change"
    ) -> str:
        """Writes (None: removes) the files, commits everything, returns the commit's id."""
        for path, text in (files or {}).items():
            if text is None:
                (self.root / path).unlink()
            else:
                self.write(path, text)
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def make_repository(tmp_path: Path) -> Callable[..., Repository]:
    """Makes a repository in a folder of the test's own: `make_repository(name, *init_options)`."""

    def make(name: str = "repository", *options: str) -> Repository:
        return Repository(tmp_path / name, *options)

    return make


@pytest.fixture
def repository(make_repository: Callable[..., Repository]) -> Repository:
    """An empty repository."""
    return make_repository()


@pytest.fixture(scope="session")
def vault() -> Iterator[Vault]:
    """A Vault with an engine of each version."""
    from tests.servers import vault

    if vault.missing():
        pytest.skip(vault.missing())
    with vault.opened() as server:
        yield server


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """The address of an AWS."""
    from tests.servers import moto

    if moto.missing():
        pytest.skip(moto.missing())
    with moto.server() as url:
        yield url
