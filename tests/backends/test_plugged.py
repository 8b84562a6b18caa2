from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from envguard.backends.plugged import open_plugged, plugged
from envguard.core.config import Folders, Settings
from envguard.core.errors import ConfigError
from envguard.core.naming import Naming
from envguard.core.secret import Secret

EXAMPLE = Path(__file__).parents[1] / "contract" / "example_backend"


def install(site: Path, package: str, module: str, scheme: str, value: str) -> Path:
    """What pip leaves of a package with one entry point; returns the folder for its code."""
    info = site / f"{package.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[envguard.backends]\n{scheme} = {value}\n")
    folder = site / module
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    return folder


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where packages are installed for this test, the example among them."""
    folder = tmp_path / "site"
    said = re.search(r'^example = "(.+)"$', (EXAMPLE / "pyproject.toml").read_text(), re.MULTILINE)
    assert said is not None
    code = install(folder, "envguard-example", "example_backend", "example", said[1])
    shutil.copy(EXAMPLE / "backend.py", code)
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in [name for name in sys.modules if name.startswith(("example_backend", "broken"))]:
        del sys.modules[name]


def opened(url: str, folder: Path) -> object:
    folders = Folders(folder / "config", folder / "data", folder / "cache")
    scheme = url.partition(":")[0]
    return open_plugged(scheme, url, Settings(folders, None, None, {}), Naming())


def test_a_package_that_is_installed_brings_its_scheme(site: Path, tmp_path: Path) -> None:
    assert ("example", "envguard-example") in plugged()
    backend = opened("example://vault/shop", tmp_path)
    ref = backend.locate("API_KEY")
    backend.write(ref, Secret("1"), token="t1")
    assert opened("example://vault/shop", tmp_path).read([ref]) == {ref: Secret("1")}


def test_a_scheme_that_nobody_brings_is_no_backend(site: Path, tmp_path: Path) -> None:
    assert opened("nobody://vault", tmp_path) is None


def test_its_own_refusals_are_shown_as_they_are(site: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown option") as caught:
        opened("example://vault/shop?x=1", tmp_path)
    assert "layout" in caught.value.hint


def test_two_packages_with_one_scheme_are_an_error(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "other", "envguard-other", "other", "example", "other:open")
    monkeypatch.syspath_prepend(tmp_path / "other")
    with pytest.raises(ConfigError, match="envguard-example and envguard-other"):
        opened("example://vault/shop", tmp_path)


def test_a_package_that_cannot_be_loaded_is_named_without_what_it_says(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    code = install(other, "envguard-broken", "broken", "broken", "broken.backend:open")
    (code / "backend.py").write_text("import kanarienvogel\n")
    monkeypatch.syspath_prepend(other)
    with pytest.raises(
        ConfigError, match=r"envguard-broken cannot be loaded \(ModuleNotFoundError\)"
    ) as c:
        opened("broken://x", tmp_path)
    assert "kanarienvogel" not in str(c.value) and c.value.__context__ is None


def test_the_program_uses_it_like_one_of_its_own(site: Path, tmp_path: Path) -> None:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(site),
    }
    place = ("--backend", "example://vault/shop")

    def call(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "envguard", *words],
            cwd=tmp_path,
            env=environ,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    assert call("secrets", "set", "API_KEY", *place, stdin="one").returncode == 0
    assert call("secrets", "get", "API_KEY", "--reveal", *place).stdout == "one"
    gone = call("secrets", "get", "API_KEY", "--backend", "nobody://vault")
    assert gone.returncode == 3 and "there is no backend" in gone.stderr
