"""The hooks, from the real pre-commit framework, in another repository.

Installing this package into pre-commit's own environment takes packages from wherever the caller
gets them, and a minute; so it happens once, and then once more for `try-repo`, which keeps
nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import CALLER_HOME, CLEARED, IDENTITY, Repository
from tests.jobs.project import random_value

SOURCE = Path(__file__).parents[1]
PRE_COMMIT = Path(sys.executable).with_name("pre-commit")
KEY = "AKIA" + "Q3EGRJ7XN2VKLMZT"  # envguard:allow
LEAK = f'aws_key = "{KEY}"\naws_secret = "{random_value(3, 40)}"\n'
HOOKS = {"envguard (credentials)": "Failed", "envguard (.env files)": "Failed"}
EXAMPLE = "envguard (.env.example)"
# What pip says where it gets no packages.
_NO_PACKAGES = re.compile(
    r"No matching distribution|Could not find a version|NewConnectionError|Max retries exceeded"
    r"|Temporary failure in name resolution|ProxyError"
)


class Framework(NamedTuple):
    """pre-commit, with our hooks installed. `source` is this repository as it is now."""

    source: Repository
    config: Path
    environ: Mapping[str, str]

    def run(self, folder: Path, *arguments: str) -> tuple[int, str]:
        """The exit code, and all that was said."""
        done = subprocess.run(
            [str(PRE_COMMIT), *arguments],
            cwd=folder,
            env=dict(self.environ),
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        if done.returncode == 3 and _NO_PACKAGES.search(said):
            pytest.skip("pre-commit cannot install this package: no packages can be had here")
        return done.returncode, said

    def hooks(self, folder: Path, *arguments: str) -> tuple[int, str]:
        """Runs the hooks that are installed."""
        return self.run(folder, "run", "--config", str(self.config), *arguments)

    def git(self, folder: Path, *arguments: str) -> int:
        """The exit code of a git that runs the hooks."""
        environ = dict(self.environ)
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=environ, capture_output=True, check=False
        )
        return done.returncode


@pytest.fixture(scope="module")
def framework(tmp_path_factory: pytest.TempPathFactory) -> Framework:
    """The hooks, installed once from a commit of the files as they are now."""
    if not PRE_COMMIT.exists():
        pytest.skip("pre-commit is not installed")
    folder = tmp_path_factory.mktemp("framework")
    # pip's own settings may be in XDG_CONFIG_HOME.
    cleared = tuple(prefix for prefix in CLEARED if prefix != "XDG_")
    environ = {k: v for k, v in os.environ.items() if not k.startswith(cleared)}
    pip_cache = Path(CALLER_HOME, ".cache/pip")
    if pip_cache.is_dir():
        environ.setdefault("PIP_CACHE_DIR", str(pip_cache))
    environ |= {
        **IDENTITY,
        "HOME": CALLER_HOME,
        "PRE_COMMIT_HOME": str(folder / "home"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_DATA_HOME": str(folder / "data"),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in IDENTITY.items():
            patch.setenv(name, value)
        source = Repository(folder / "source")
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=SOURCE,
            capture_output=True,
            check=False,
        )
        if listed.returncode != 0:
            pytest.skip("this is no clone of the repository")
        for name in os.fsdecode(listed.stdout).split("\0")[:-1]:
            if (SOURCE / name).is_file():
                (source.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(SOURCE / name, source.root / name)
        commit = source.commit()
    config = folder / "config.yaml"
    config.write_text(
        f"repos:\n- repo: {source.root}\n  rev: {commit}\n"
        "  hooks:\n  - id: envguard\n  - id: envguard-env\n  - id: envguard-example\n"
    )
    found = Framework(source, config, environ)
    somewhere = folder / "somewhere"
    somewhere.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=somewhere, check=True)
    code, said = found.run(somewhere, "install-hooks", "--config", str(config))
    assert code == 0, said
    return found


def results(said: str) -> dict[str, str]:
    """What pre-commit says of each hook; of the one for .env.example where it is asked for."""
    return dict(
        re.findall(r"^(envguard \(.*?\))\.*(?:\(.*\))?(Passed|Failed|Skipped)$", said, re.M)
    )


def passed(said: str) -> bool:
    return set(results(said).values()) == {"Passed"} and results(said).keys() >= HOOKS.keys()


def assert_refused(code: int, said: str) -> None:
    """Both hooks that look for values refuse, and say where without the value."""
    found = results(said)
    found.pop(EXAMPLE, None)
    assert (code, found) == (1, HOOKS), said
    assert "settings.py:1" in said
    assert ".env:1 DEBUG has a value" in said
    assert KEY not in said


@pytest.fixture
def leaking(repository: Repository) -> Repository:
    """A repository with a clean commit, and a key and a .env that are staged."""
    repository.commit({"README": "x\n", ".env.example": "DEBUG=true\n"})
    repository.write("settings.py", LEAK)
    repository.write(".env", "DEBUG=true\n")
    repository.git("add", ".")
    return repository


def test_try_repo_refuses_what_is_staged(framework: Framework, leaking: Repository) -> None:
    assert_refused(*framework.run(leaking.root, "try-repo", str(framework.source.root)))


def test_what_is_staged_is_refused_until_it_is_clean(
    framework: Framework, leaking: Repository
) -> None:
    assert_refused(*framework.hooks(leaking.root))
    leaking.write("settings.py", "import os\nkey = os.environ['AWS_KEY']\n")
    leaking.write(".env", "DEBUG=secret:DEBUG\n")
    leaking.git("add", ".")
    code, said = framework.hooks(leaking.root)
    assert (code, passed(said)) == (0, True), said


def test_what_is_committed_is_found_by_all_files_and_in_its_range(
    framework: Framework, leaking: Repository
) -> None:
    first = leaking.git("rev-parse", "HEAD")
    second = leaking.commit()
    code, said = framework.hooks(leaking.root)
    assert code == 1, said  # nothing is staged: pre-commit does not say whether --all-files is
    assert_refused(*framework.hooks(leaking.root, "--all-files"))
    assert_refused(*framework.hooks(leaking.root, "--from-ref", first, "--to-ref", second))
    third = leaking.commit({"settings.py": None, ".env": None, "a.py": "x = 1\n"})
    code, said = framework.hooks(leaking.root, "--all-files")
    assert (code, passed(said)) == (0, True), said
    code, said = framework.hooks(leaking.root, "--from-ref", second, "--to-ref", third)
    assert (code, passed(said)) == (0, True), said
    # Each commit of a range counts, also where a later one takes it back.
    assert_refused(*framework.hooks(leaking.root, "--from-ref", first, "--to-ref", third))


def test_an_example_that_is_out_of_step_is_refused(
    framework: Framework, repository: Repository
) -> None:
    repository.commit({".gitignore": ".env\n", ".env.example": "DEBUG=true\n"})
    code, said = framework.hooks(repository.root, "--all-files")
    assert (code, results(said)[EXAMPLE]) == (0, "Passed"), said  # a fresh clone has no .env
    repository.write(".env", "DEBUG=true\nPORT=8080\n")
    code, said = framework.hooks(repository.root, "--all-files")
    assert (code, results(said)[EXAMPLE]) == (1, "Failed"), said
    assert "PORT is not in it" in said


def test_a_first_push_looks_at_every_commit(framework: Framework, leaking: Repository) -> None:
    install = ("install", "--config", str(framework.config), "-t", "pre-push")
    assert framework.run(leaking.root, *install)[0] == 0
    leaking.git("commit", "-qm", "leak")
    leaking.commit({"settings.py": None, ".env": None, "a.py": "x = 1\n"})
    remote = Repository(leaking.root.parent / "remote", "--bare")
    leaking.git("remote", "add", "origin", str(remote.root))
    assert framework.git(leaking.root, "push", "origin", "main") == 1


def test_an_installed_hook_refuses_a_commit_and_a_push(
    framework: Framework, leaking: Repository
) -> None:
    install = ("install", "--config", str(framework.config), "-t", "pre-commit", "-t", "pre-push")
    code, said = framework.run(leaking.root, *install)
    assert code == 0, said
    head = leaking.git("rev-parse", "HEAD")
    assert framework.git(leaking.root, "commit", "-m", "leak") == 1
    assert leaking.git("rev-parse", "HEAD") == head
    leaking.git("commit", "-qm", "leak", "--no-verify")
    remote = Repository(leaking.root.parent / "remote", "--bare")
    leaking.git("remote", "add", "origin", str(remote.root))
    leaking.git("push", "-q", "--no-verify", "origin", f"{head}:refs/heads/main")
    assert framework.git(leaking.root, "push", "origin", "main") == 1
    assert remote.git("rev-parse", "main") == head
    # Pushed nevertheless, and then taken back: that is no reason to refuse.
    leaking.git("push", "-q", "--no-verify", "origin", "main")
    leaking.git("reset", "-q", "--hard", head)
    assert framework.git(leaking.root, "push", "--force", "origin", "main") == 0
    assert remote.git("rev-parse", "main") == head
