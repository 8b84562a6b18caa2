"""`init`, step by step: each can be repeated, and nothing of others is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.core.config import Config, load
from envguard.core.errors import ConfigError, TrustError, UsageError
from envguard.jobs import init
from envguard.workspace import trust
from tests.conftest import Repository
from tests.jobs.project import Project


def configure(project: Project, name: str = "shop") -> dict[str, str]:
    steps = init.configure(project.config, project.profile, name, project.settings.folders)
    return {step.what: step.outcome for step in steps}


def trusted(project: Project) -> bool:
    try:
        trust.require(project.settings.folders, project.config, project.profile)
    except TrustError:
        return False
    return True


def test_a_new_configuration_has_an_id_of_its_own_and_is_trusted(project: Project) -> None:
    assert configure(project)["envguard.toml"] == "written, project shop"
    assert project.config.project_name == "shop"
    assert project.config.project_id.startswith("shop-")
    assert trusted(project)
    before = (project.root / "envguard.toml").read_bytes()
    assert configure(project) == {"envguard.toml": "is there already", "trust": "is recorded"}
    assert (project.root / "envguard.toml").read_bytes() == before


def test_an_id_that_came_with_the_tree_is_not_trusted(project: Project) -> None:
    (project.root / "envguard.toml").write_text('[project]\nid = "theirs"\n')
    said = configure(project)
    assert said["envguard.toml"] == "is there already"
    assert said["trust"].endswith(f"envguard trust {project.root}")
    assert not trusted(project)


def test_backends_that_came_with_the_tree_are_not_trusted(project: Project) -> None:
    file = project.root / "envguard.toml"
    file.write_text('[backends.team]\nurl = "local:///team.db"\n')
    configure(project)
    assert project.config.project_id
    assert not trusted(project)
    file.write_text(file.read_text().replace('[backends.team]\nurl = "local:///team.db"\n', ""))
    assert trusted(project)


def test_a_table_in_pyproject_gets_the_id_and_nothing_else(project: Project) -> None:
    own = '[project]\nname = "x"  # theirs\n\n[tool.envguard.scan]\nexclude = ["vendor/**"]\n'
    (project.root / "pyproject.toml").write_text(own)
    assert configure(project)["pyproject.toml"] == "written, project shop"
    text = (project.root / "pyproject.toml").read_text()
    assert '[project]\nname = "x"  # theirs\n' in text
    assert project.config.scan.exclude == ("vendor/**",)
    assert project.config.project_id
    assert not (project.root / "envguard.toml").exists()
    assert trusted(project)


def test_an_id_that_appeared_meanwhile_stays(project: Project) -> None:
    (project.root / "envguard.toml").write_text("[scan]\n")
    before = project.config
    configure(project)
    theirs = project.config.project_id
    with pytest.raises(ConfigError, match="has a project id by now"):
        init.configure(before, project.profile, "late", project.settings.folders)
    with pytest.raises(ConfigError, match="is in the way"):
        init.configure(Config(project.root), project.profile, "late", project.settings.folders)
    assert project.config.project_id == theirs


def test_a_project_is_called_as_its_remote(repository: Repository, tmp_path: Path) -> None:
    assert init.project_name(repository.root) == "repository"
    for url in ("https://x.example/ada/shop.git", "git@x.example:shop", "/srv/git/shop.git/"):
        repository.git("config", "remote.origin.url", url)
        assert init.project_name(repository.root) == "shop"
    (tmp_path / "plain").mkdir()
    assert init.project_name(tmp_path / "plain") == "plain"


def test_env_files_are_ignored_and_their_examples_are_not(repository: Repository) -> None:
    repository.write(".gitignore", "*.log")
    assert init.ignore(repository.root)[0].outcome == "written"
    assert init.ignore(repository.root)[0].outcome == "is as it should be"
    names = [".env", ".env.local", ".env.production", "sub/.env", ".env.envguard-abcdefgh"]
    for name in names:
        assert repository.git("check-ignore", name) == name
    for name in (".env.example", "sub/.env.example", "a.py"):
        assert repository.git("check-ignore", name, check=False) == ""


def test_without_git_there_is_no_gitignore_and_no_hook(project: Project) -> None:
    assert "no git repository" in init.ignore(project.root)[0].outcome
    for call in (
        lambda: init.install_hook(project.root, "/x"),
        lambda: init.uninstall_hook(project.root),
    ):
        with pytest.raises(UsageError, match="is not in a git repository"):
            call()


def test_a_repository_with_the_pre_commit_framework_gets_an_entry(repository: Repository) -> None:
    file = repository.write(".pre-commit-config.yaml", "repos:\n- repo: meta\n  hooks: []\n")
    assert init.install_hook(repository.root, "/x")[0].outcome == "entry added"
    assert "entry: envguard hook run" in file.read_text()
    assert init.install_hook(repository.root, "/x")[0].outcome == "has the entry already"
    assert not (repository.root / ".git/hooks/pre-commit").exists()
    file.write_text("{repos: []}\n")
    assert "add this yourself" in init.install_hook(repository.root, "/x")[0].outcome
    assert file.read_text() == "{repos: []}\n"


def test_a_hook_that_is_there_is_kept_and_comes_back(repository: Repository) -> None:
    hook = repository.write(".git/hooks/pre-commit", "#!/bin/sh\necho mine\n")
    hook.chmod(0o700)
    before = hook.read_bytes()
    assert "before the hook that was there" in init.install_hook(repository.root, "/x")[0].outcome
    assert hook.read_bytes() != before
    assert "put back" in init.uninstall_hook(repository.root)[0].outcome
    assert (hook.read_bytes(), hook.stat().st_mode & 0o777) == (before, 0o700)


def test_the_configuration_that_is_written_reads_as_the_template_says(project: Project) -> None:
    configure(project)
    found = load(project.root)
    assert (found.profile(None).backend, found.profile(None).env_files) == ("local:", (".env",))
