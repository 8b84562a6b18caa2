"""The schemas of other people's formats, from packages that carry them, in a cache of the caller's.

None of them is copied into the repository. What cannot be had is skipped, with the reason.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CALLER_HOME

CACHE = Path(CALLER_HOME) / ".cache" / "envguard-tests" / "schemas"
_SECONDS = 240

# The schema of OASIS as Microsoft's own tool has it (MIT).
SARIF = ("npm", "pack", "--silent", "@microsoft/sarif-multitool-linux@5.7.0")
SARIF_MEMBER = "package/sarif-2.1.0.json"
# The schema of Jenkins' xUnit plugin (MIT), with which pytest tests its own reports.
JUNIT = (*(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"), "pytest==8.3.5")
JUNIT_OPTIONS = ("--no-binary", ":all:", "--disable-pip-version-check")
JUNIT_MEMBER = "pytest-8.3.5/testing/example_scripts/junit-10.xsd"


def sarif() -> Any:
    """The JSON schema of SARIF 2.1.0."""
    return json.loads(_member("sarif-2.1.0.json", SARIF, SARIF_MEMBER).read_text("utf-8"))


def junit() -> Path:
    """The XML schema of JUnit's reports."""
    return _member("junit-10.xsd", (*JUNIT, *JUNIT_OPTIONS), JUNIT_MEMBER)


def _member(name: str, command: tuple[str, ...], member: str) -> Path:
    file = CACHE / name
    if file.is_file():
        return file
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    work = CACHE / f"work-{os.getpid()}"
    work.mkdir(parents=True)
    try:
        _download(command, work)
        (archive,) = [*work.glob("*.tgz"), *work.glob("*.tar.gz")]
        with tarfile.open(archive) as files:
            source = files.extractfile(member)
            assert source is not None
            (work / name).write_bytes(source.read())
        os.replace(work / name, file)
    finally:
        shutil.rmtree(work)
    return file


def _download(command: tuple[str, ...], folder: Path) -> None:
    """Runs a package client as the caller has set it up: its settings are in their home."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "HOME": CALLER_HOME},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"{command[0]} took more than {_SECONDS} s")
    if done.returncode:
        pytest.skip(f"{command[0]} has no network: {done.stderr.strip()[-200:]}")
