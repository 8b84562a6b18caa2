from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from envguard.workspace import resources

TOP = Path(__file__).parents[2]


def test_a_checkout_reads_the_folders_beside_the_package() -> None:
    assert resources.read("hooks", "pre-commit") == (TOP / "hooks/pre-commit").read_text()


def test_an_installed_package_reads_the_folders_inside_it(tmp_path: Path) -> None:
    package = tmp_path / "envguard"
    for folder in ("core", "workspace"):
        shutil.copytree(TOP / "envguard" / folder, package / folder)
    shutil.copy(TOP / "envguard/__init__.py", package)
    (package / "templates").mkdir()
    (package / "templates/envguard.toml").write_text("inside")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/envguard.toml").write_text("beside")
    code = (
        "from envguard.workspace.resources import read; print(read('templates', 'envguard.toml'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "inside\n"


def test_a_text_that_does_not_travel_is_no_empty_text() -> None:
    with pytest.raises(FileNotFoundError):
        resources.read("templates", "missing")
