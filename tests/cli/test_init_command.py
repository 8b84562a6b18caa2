"""`envguard init` as it is typed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from envguard import __version__
from tests.cli.program import PROGRAM, call
from tests.conftest import Repository
from tests.jobs.project import random_value


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (".git" not in path.parts or "hooks" in path.parts)
    }


def test_a_repository_is_set_up_once(repository: Repository) -> None:
    repository.write(".env", f"DEBUG=true\nAPI_KEY={random_value(1)}\n")
    done = call("init", "--yes", cwd=repository.root)
    assert done.code == 0
    made = files(repository.root)
    assert {"envguard.toml", ".gitignore", ".git/hooks/pre-commit", ".env.example"} < set(made)
    assert made[".env.example"] == b"DEBUG=true\nAPI_KEY=\n"
    assert f"'{PROGRAM}'".encode() in made[".git/hooks/pre-commit"] or (
        PROGRAM.encode() in made[".git/hooks/pre-commit"]
    )
    again = call("init", "--yes", cwd=repository.root)
    assert again.code == 0
    assert files(repository.root) == made
    for told in ("is there already", "trust: is recorded", "was installed already", "is in step"):
        assert told in again.err


def test_nothing_is_set_up_without_a_yes(repository: Repository) -> None:
    before = files(repository.root)
    done = call("init", cwd=repository.root)
    assert done.code == 2
    assert "nothing was set up" in done.err
    assert files(repository.root) == before


def test_a_subfolder_is_sent_to_the_top(repository: Repository) -> None:
    (repository.root / "sub").mkdir()
    done = call("init", "--yes", cwd=repository.root / "sub")
    done.says(2, f"the repository begins at {repository.root}", f"cd {repository.root}")
    assert call("init", "--yes", cwd=repository.root).code == 0
    before = files(repository.root)
    assert call("init", "--yes", cwd=repository.root / "sub").code == 0
    assert files(repository.root) == before


def test_a_folder_without_git_gets_a_configuration_alone(tmp_path: Path) -> None:
    done = call("init", "--yes", "--name", "shop", cwd=tmp_path)
    assert done.code == 0
    assert "this is no git repository" in done.err
    assert list(files(tmp_path)) == ["envguard.toml"]
    assert b'name = "shop"' in files(tmp_path)["envguard.toml"]


def test_a_configuration_in_pyproject_is_used(repository: Repository) -> None:
    repository.write("pyproject.toml", '[tool.envguard.scan]\nexclude = ["x"]\n')
    assert call("init", "--yes", "--no-hook", cwd=repository.root).code == 0
    assert not (repository.root / "envguard.toml").exists()
    assert "[tool.envguard.project]" in (repository.root / "pyproject.toml").read_text()
    assert not (repository.root / ".git/hooks/pre-commit").exists()


def test_an_id_that_came_with_the_clone_is_not_trusted(repository: Repository) -> None:
    repository.write("envguard.toml", '[project]\nid = "theirs"\n')
    repository.write(".env", "A=secret:A\n")
    done = call("init", "--yes", cwd=repository.root)
    assert done.code == 0
    assert f"envguard trust {repository.root}" in done.err
    call("run", "--", "true", cwd=repository.root).says(125, "is not trusted")


def test_a_hook_of_another_tool_does_not_stop_the_rest(repository: Repository) -> None:
    repository.git("config", "core.hooksPath", ".husky/_")
    repository.write(".env", "A=1\n")
    done = call("init", "--yes", cwd=repository.root)
    assert done.code == 2
    assert "is managed by husky" in done.err
    assert "add this line to .husky/pre-commit: envguard hook run" in done.err
    assert (repository.root / ".env.example").exists()
    assert call("init", "--yes", "--no-hook", cwd=repository.root).code == 0


def test_a_hook_that_was_there_still_runs(repository: Repository) -> None:
    hook = repository.write(".git/hooks/pre-commit", "#!/bin/sh\necho ran > ran\n")
    hook.chmod(0o755)
    assert call("init", "--yes", cwd=repository.root).code == 0
    repository.write("a", "x\n")
    repository.git("add", "a")
    subprocess.run(["git", "commit", "-qm", "x"], cwd=repository.root, check=True)
    assert (repository.root / "ran").read_text() == "ran\n"


def test_a_ci_system_gets_its_file_with_this_version(repository: Repository) -> None:
    done = call("init", "--yes", "--ci", "gitlab", cwd=repository.root)
    assert done.code == 0
    assert ".gitlab-ci.yml: written\n" in done.err
    assert f"envguard-cli=={__version__}" in (repository.root / ".gitlab-ci.yml").read_text()
    assert "calls envguard already" in call("init", "--ci", "gitlab", "-y", cwd=repository.root).err
    repository.write(".gitlab-ci.yml", "test: {script: make}\n")
    done = call("init", "--yes", "--ci", "gitlab", cwd=repository.root)
    assert ".gitlab/envguard.yml: written; add to .gitlab-ci.yml: include:" in done.err
    call("init", "--ci", "jenkins", cwd=repository.root.parent).says(2, "git init")
