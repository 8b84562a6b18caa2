"""`envguard hook`: a real commit with a key in it is refused, and one without it is not."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.program import call
from tests.conftest import Repository
from tests.jobs.project import random_value

KEY = "AKIA" + "Q3EGRJ7XN2VKLMZT"  # envguard:allow
LEAK = f'aws_key = "{KEY}"\naws_secret = "{random_value(3, 40)}"\n'
# Where git and sh are, and no envguard.
BARE_PATH = "/usr/bin:/bin"


@pytest.fixture
def guarded(repository: Repository) -> Repository:
    """A repository with our hook."""
    repository.commit({"README": "x\n"})
    assert call("hook", "install", cwd=repository.root).code == 0
    return repository


def commit(folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    """A real commit, by a git that finds no envguard in its PATH."""
    env = {**os.environ, "PATH": BARE_PATH}
    subprocess.run(["git", "add", "--force", *files], cwd=folder, check=True)
    return subprocess.run(
        ["git", "commit", "-qm", "change"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_commit_with_a_key_is_refused_and_a_clean_one_is_not(guarded: Repository) -> None:
    head = guarded.git("rev-parse", "HEAD")
    guarded.write("settings.py", LEAK)
    refused = commit(guarded.root, "settings.py")
    assert refused.returncode == 1
    assert "settings.py:1" in refused.stdout + refused.stderr
    assert KEY not in refused.stdout + refused.stderr
    assert guarded.git("rev-parse", "HEAD") == head
    guarded.write("settings.py", "import os\nkey = os.environ['AWS_KEY']\n")
    clean = commit(guarded.root, "settings.py")
    assert (clean.returncode, clean.stdout, clean.stderr) == (0, "", "")
    assert guarded.git("rev-parse", "HEAD~") == head


def test_the_hook_works_in_a_subfolder_and_a_linked_worktree(guarded: Repository) -> None:
    (guarded.root / "sub").mkdir()
    guarded.write("sub/a.py", LEAK)
    assert commit(guarded.root / "sub", "a.py").returncode == 1
    guarded.git("reset", "-q", "--hard")
    guarded.git("worktree", "add", "-q", "../linked")
    linked = guarded.root.parent / "linked"
    (linked / "a.py").write_text(LEAK)
    assert commit(linked, "a.py").returncode == 1
    (linked / "a.py").write_text("x = 1\n")
    assert commit(linked, "a.py").returncode == 0
    # Installed from there, it is the one hook of all worktrees.
    assert "was installed already" in call("hook", "install", cwd=linked).err


def test_the_hook_goes_where_git_looks_for_it(repository: Repository) -> None:
    repository.git("config", "core.hooksPath", "team/hooks")
    assert call("hook", "install", cwd=repository.root).code == 0
    assert (repository.root / "team/hooks/pre-commit").stat().st_mode & 0o777 == 0o755
    assert not (repository.root / ".git/hooks/pre-commit").exists()
    repository.write("a.py", LEAK)
    assert commit(repository.root, "a.py").returncode == 1
    assert call("hook", "uninstall", cwd=repository.root).code == 0
    assert commit(repository.root, "a.py").returncode == 0


def test_a_hook_whose_program_is_gone_refuses_everything(guarded: Repository) -> None:
    hook = guarded.root / ".git/hooks/pre-commit"
    text = hook.read_text()
    recorded = next(line for line in text.splitlines() if line.startswith("recorded="))
    hook.write_text(text.replace(recorded, "recorded=/nowhere/envguard"))
    guarded.write("a.py", "x = 1\n")
    refused = commit(guarded.root, "a.py")
    assert refused.returncode == 1
    assert "envguard is not found" in refused.stderr


def test_installing_and_removing_can_be_repeated(guarded: Repository) -> None:
    hook = guarded.root / ".git/hooks/pre-commit"
    assert "was installed already" in call("hook", "install", cwd=guarded.root).err
    assert "removed" in call("hook", "uninstall", cwd=guarded.root).err
    assert not hook.exists()
    assert "was not installed" in call("hook", "uninstall", cwd=guarded.root).err
    outside = guarded.root.parent
    call("hook", "install", cwd=outside).says(2, "is not in a git repository")


def env_hook(repository: Repository, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    done = call("hook", "run", "--env", cwd=repository.root, env=env)
    return done.code, done.out


def stage(repository: Repository, files: dict[str, str]) -> None:
    for path, text in files.items():
        repository.write(path, text)
    repository.git("add", "--force", *files)


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        (".env", "A=1\n", 1),
        (".env", "A=secret:A\nB=\nC\n# D=1\nE=env:HOME\n", 0),
        (".env", "", 0),
        (".env", "A: 1\n", 1),
        (".env.local", "DEBUG=true\n", 1),
        (".env.test.local", "DEBUG=true\n", 1),
        (".env.test", "DEBUG=true\nURL=http://localhost\n", 0),
        (".env.test", f"API_KEY={random_value(1)}\n", 1),
        (".env.example", "A=1\n", 0),
        ("deep/down/.env", "A=1\n", 1),
        ("x.py", "A=1\n", 0),
    ],
)
def test_a_staged_env_file_with_values_is_refused(
    repository: Repository, path: str, text: str, code: int
) -> None:
    stage(repository, {path: text})
    found, out = env_hook(repository)
    assert found == code, out
    assert out.startswith(f"{path}:1 ") == (code == 1)


def test_what_is_staged_counts_and_not_what_is_in_the_folder(repository: Repository) -> None:
    stage(repository, {".env": "A=secret:A\n"})
    repository.write(".env", "A=1\n")
    assert env_hook(repository)[0] == 0
    stage(repository, {".env": "A=1\n"})
    repository.write(".env", "A=secret:A\n")
    assert env_hook(repository)[0] == 1


def test_every_path_of_one_content_is_looked_at(repository: Repository) -> None:
    """The same text is configuration in one file and somebody's own settings in the other."""
    stage(
        repository, {".env": "DEBUG=true\n", ".env.test": "DEBUG=true\n", "z/.env": "DEBUG=true\n"}
    )
    assert env_hook(repository) == (1, ".env:1 DEBUG has a value\nz/.env:1 DEBUG has a value\n")


def test_an_env_file_that_leaves_git_passes(repository: Repository) -> None:
    repository.commit({".env": "A=1\n", "b": "x"})
    repository.git("rm", "-q", "--cached", ".env")
    assert env_hook(repository) == (0, "")
    assert env_hook(repository, {"PRE_COMMIT": "1"}) == (0, "")


def test_with_nothing_staged_pre_commit_means_everything(repository: Repository) -> None:
    repository.commit({".env": "A=1\n"})
    assert env_hook(repository) == (0, "")
    assert env_hook(repository, {"PRE_COMMIT": "1"})[0] == 1
    repository.write(".env", "A=secret:A\n")
    assert env_hook(repository, {"PRE_COMMIT": "1"})[0] == 1
    repository.commit()
    assert env_hook(repository, {"PRE_COMMIT": "1"}) == (0, "")


def test_each_commit_of_a_range_is_looked_at(repository: Repository) -> None:
    first = repository.commit({"a": "x"})
    second = repository.commit({".env": "A=1\n"})
    third = repository.commit({".env": None})
    fourth = repository.commit({"b": "x"})

    def between(start: str, end: str) -> int:
        return env_hook(repository, {"PRE_COMMIT_FROM_REF": start, "PRE_COMMIT_TO_REF": end})[0]

    assert (between(first, second), between(first, fourth)) == (1, 1)
    assert (between(second, third), between(third, fourth)) == (0, 0)
    env = {"PRE_COMMIT_FROM_REF": "none", "PRE_COMMIT_TO_REF": fourth}
    call("hook", "run", "--env", cwd=repository.root, env=env).says(2, "'none' names no commit")


def test_what_the_configuration_excludes_passes(repository: Repository) -> None:
    repository.write("envguard.toml", '[scan]\nexclude = ["fixtures/**"]\n')
    stage(repository, {"fixtures/.env": "A=1\n"})
    assert env_hook(repository) == (0, "")


def test_a_file_that_cannot_be_read_is_no_pass(repository: Repository) -> None:
    repository.write(".env", b"A=\xff\xfe\n")
    repository.git("add", "--force", ".env")
    call("hook", "run", "--env", cwd=repository.root).says(2, ".env:1 is not UTF-8")
    call("hook", "run", "--env", cwd=repository.root.parent).says(2, "not in a git repository")


def test_the_leak_hook_looks_at_the_index_the_range_and_the_tree(repository: Repository) -> None:
    first = repository.commit({"a": "x"})
    leak = repository.commit({"settings.py": LEAK})

    def run(env: Mapping[str, str]) -> int:
        return call("hook", "run", cwd=repository.root, env=env).code

    assert run({}) == 0
    assert run({"PRE_COMMIT": "1"}) == 1
    assert run({"PRE_COMMIT_FROM_REF": first, "PRE_COMMIT_TO_REF": leak}) == 1
    # A forced push that takes the leak back brings nothing new.
    assert run({"PRE_COMMIT_FROM_REF": leak, "PRE_COMMIT_TO_REF": first}) == 0
    stage(repository, {"other.py": LEAK})
    assert run({}) == 1
