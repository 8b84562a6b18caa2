"""Completion as a real bash does it: installed, loaded, and asked with the Tab key."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest

BASH = shutil.which("bash")
VALUE = "hunter2-of-the-completion"
CONFIG = """\
[profiles.dev]
env_files = [".env"]
[profiles.staging]
extends = "dev"
[profiles.staging.env]
STAGE_NAME = "one"
[backends.prod]
url = "local:"
[secrets.API_TOKEN]
required = true
"""

pytestmark = pytest.mark.skipif(BASH is None, reason="bash is not installed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project that nobody has trusted."""
    (tmp_path / "envguard.toml").write_text(CONFIG)
    (tmp_path / ".env").write_text(f"API_KEY={VALUE}\nAPI_URL=secret:GONE\nOTHER=file:/etc/hosts\n")
    return tmp_path


def environ() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


@cache
def script() -> str:
    """What bash loads."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("envguard")), "--show-completion", "bash"],
        # There is no shell above the tests that typer could recognise.
        env={**environ(), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def completed(folder: Path, line: str) -> list[str]:
    """What bash would offer at the end of a line."""
    ask = (
        f'{script()}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1));'
        ' _envguard_completion envguard; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [str(BASH), "--norc", "-c", ask, "bash", *line.split(" ")],
        cwd=folder,
        env=environ(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert VALUE not in done.stdout
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("envguard hoo", ["hook"]),
        ("envguard hook ins", ["install"]),
        ("envguard hook install --type pre-p", ["pre-push"]),
        ("envguard scan --form", ["--format"]),
        ("envguard init --ci g", ["github", "gitlab"]),
        ("envguard run --profile s", ["staging"]),
        ("envguard --profile ", ["dev", "staging"]),
        ("envguard migrate .env --to ", ["local:", "prod"]),
        ("envguard secrets list --backend p", ["prod"]),
        ("envguard run --only API_", ["API_KEY", "API_TOKEN", "API_URL"]),
        ("envguard --profile staging export --exclude S", ["STAGE_NAME"]),
        ("envguard secrets get O", ["OTHER"]),
        ("envguard --config gone.toml run --profile s", []),
    ],
)
def test_names_are_completed(line: str, offered: list[str], folder: Path) -> None:
    assert completed(folder, line) == offered


def test_nothing_is_completed_that_the_shell_would_run_or_expand(folder: Path) -> None:
    (folder / ".env").write_text('$(touch${IFS}x)=1\n*=2\nA\x1b[31m=3\n"A B"=4\nA_GOOD=5\n')
    (folder / "envguard.toml").write_text('[backends."p$(touch x)"]\nurl = "local:"\n')
    assert completed(folder, "envguard secrets get ") == ["A_GOOD"]
    assert completed(folder, "envguard secrets list --backend ") == ["local:"]


def test_a_broken_project_offers_nothing_and_says_nothing(folder: Path) -> None:
    (folder / "envguard.toml").write_text("[profiles\n")
    assert completed(folder, "envguard run --profile s") == []
    (folder / "envguard.toml").write_text("")
    (folder / ".env").write_bytes(b"A=\xff\xfe\n")
    assert completed(folder, "envguard run --only A") == []


def test_the_tab_key_works_once_it_is_installed(folder: Path, tmp_path: Path) -> None:
    assert BASH is not None
    install = [BASH, "-c", "envguard --install-completion; exit $?"]
    subprocess.run(install, cwd=folder, env=environ(), check=True, capture_output=True)
    with Path(os.environ["HOME"], ".bashrc").open("a") as file:
        file.write("\nPS1='ready> '\n")
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execve(BASH, [BASH, "-i"], {**environ(), "TERM": "dumb"})  # noqa: S606 - a shell it is
    try:
        read_until(terminal, b"ready> ")
        os.write(terminal, b"envguard run --profile sta\t")
        said = read_until(terminal, b"staging")
        assert b"--profile staging" in said
    finally:
        os.close(terminal)
        os.waitpid(process, 0)


def read_until(terminal: int, text: bytes) -> bytes:
    """What a terminal shows until it shows this; fails after a while."""
    said = b""
    end = time.monotonic() + 60
    while text not in said:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, said
        said += os.read(terminal, 4096)
    return said
