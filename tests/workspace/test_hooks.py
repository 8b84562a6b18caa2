from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.errors import UsageError
from envguard.workspace import hooks, resources
from envguard.workspace.hooks import Outcome

if TYPE_CHECKING:
    from tests.conftest import Repository

NAME = "pre-commit"


@pytest.fixture
def folder(repository: Repository) -> Path:
    return repository.root / ".git/hooks"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Stands for envguard: notes its arguments, refuses while `refuse` exists."""
    program = tmp_path / "it's a bin/envguard"
    program.parent.mkdir()
    executable(program, f'echo "$*" >>"{tmp_path}/calls"\n[ ! -e "{tmp_path}/refuse" ] || exit 2\n')
    return program


def executable(path: Path, body: str) -> bytes:
    path.write_text("#!/bin/sh\n" + body)
    path.chmod(0o755)
    return path.read_bytes()


def text(program: Path | str) -> str:
    return hooks.script(resources.read("hooks", NAME), str(program))


def commit(repository: Repository, path: str | None = None) -> subprocess.CompletedProcess[str]:
    repository.write("file", os.urandom(8).hex())
    repository.git("add", "file")
    return subprocess.run(
        ["git", "commit", "-m", "x"],
        cwd=repository.root,
        env={**os.environ, **({} if path is None else {"PATH": path})},
        check=False,
        capture_output=True,
        text=True,
    )


def test_git_runs_the_hook_on_a_commit(
    repository: Repository, folder: Path, program: Path, tmp_path: Path
) -> None:
    assert hooks.install(folder, NAME, text(program)) is Outcome.INSTALLED
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o755
    assert commit(repository).returncode == 0
    assert (tmp_path / "calls").read_text() == "hook run\n"
    (tmp_path / "refuse").touch()
    assert commit(repository).returncode == 1
    assert repository.git("rev-list", "--count", "HEAD") == "1"


def test_a_hooks_folder_is_made_where_it_is_missing(tmp_path: Path, program: Path) -> None:
    assert hooks.install(tmp_path / "a/hooks", NAME, text(program)) is Outcome.INSTALLED


def test_installing_again_changes_nothing(folder: Path, program: Path) -> None:
    hooks.install(folder, NAME, text(program))
    before = (folder / NAME).stat()
    assert hooks.install(folder, NAME, text(program)) is Outcome.UNCHANGED
    assert (folder / NAME).stat() == before


def test_a_moved_program_updates_the_hook(folder: Path, program: Path) -> None:
    hooks.install(folder, NAME, text("/old/envguard"))
    assert hooks.install(folder, NAME, text(program)) is Outcome.UPDATED
    assert (folder / NAME).read_text() == text(program)


def test_the_hook_from_before_runs_after_ours_with_its_arguments(
    repository: Repository, folder: Path, program: Path, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    before = executable(folder / NAME, f'cat; echo "before $#" >>"{calls}"; exit 3\n')
    assert hooks.install(folder, NAME, text(program)) is Outcome.CHAINED
    assert (folder / "pre-commit.before-envguard").read_bytes() == before
    assert commit(repository).returncode == 1
    assert calls.read_text() == "hook run\nbefore 0\n"
    done = subprocess.run(
        [folder / NAME, "a b", "c"], input=b"for it", capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (3, b"for it")
    assert calls.read_text().endswith("before 2\n")


def test_the_hook_from_before_does_not_run_when_ours_refuses(
    repository: Repository, folder: Path, program: Path, tmp_path: Path
) -> None:
    executable(folder / NAME, f'echo before >>"{tmp_path}/calls"\n')
    hooks.install(folder, NAME, text(program))
    (tmp_path / "refuse").touch()
    assert commit(repository).returncode == 1
    assert (tmp_path / "calls").read_text() == "hook run\n"


def test_a_hook_that_git_did_not_run_is_not_run_now(
    repository: Repository, folder: Path, program: Path
) -> None:
    executable(folder / NAME, "exit 1\n")
    (folder / NAME).chmod(0o644)
    hooks.install(folder, NAME, text(program))
    assert commit(repository).returncode == 0


@pytest.mark.parametrize("mode", [0o755, 0o700, 0o644])
def test_uninstalling_restores_what_was_there(folder: Path, program: Path, mode: int) -> None:
    (folder / NAME).write_bytes(b"#!/bin/sh\r\n\xff no final line end")
    (folder / NAME).chmod(mode)
    before = (folder / NAME).stat()
    hooks.install(folder, NAME, text(program))
    hooks.install(folder, NAME, text("/new/envguard"))
    assert hooks.uninstall(folder, NAME) is Outcome.RESTORED
    after = (folder / NAME).stat()
    assert (folder / NAME).read_bytes() == b"#!/bin/sh\r\n\xff no final line end"
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)
    assert not (folder / "pre-commit.before-envguard").exists()


def test_a_hook_that_is_a_symlink_is_one_again(
    repository: Repository, folder: Path, program: Path
) -> None:
    executable(repository.root / "check", "exit 0\n")
    (folder / NAME).symlink_to("../../check")
    assert hooks.install(folder, NAME, text(program)) is Outcome.CHAINED
    assert commit(repository).returncode == 0
    assert (repository.root / "check").read_text() == "#!/bin/sh\nexit 0\n"
    hooks.uninstall(folder, NAME)
    assert (folder / NAME).readlink() == Path("../../check")


def test_a_symlink_that_leads_nowhere_is_kept(folder: Path, program: Path) -> None:
    (folder / NAME).symlink_to("missing")
    assert hooks.install(folder, NAME, text(program)) is Outcome.CHAINED
    assert hooks.uninstall(folder, NAME) is Outcome.RESTORED
    assert (folder / NAME).readlink() == Path("missing")


def test_uninstalling_removes_our_hook_and_no_other(folder: Path, program: Path) -> None:
    hooks.install(folder, NAME, text(program))
    assert hooks.uninstall(folder, NAME) is Outcome.REMOVED
    assert not (folder / NAME).exists()
    assert hooks.uninstall(folder, NAME) is Outcome.ABSENT
    other = executable(folder / NAME, "exit 0\n")
    assert hooks.uninstall(folder, NAME) is Outcome.ABSENT
    assert (folder / NAME).read_bytes() == other


def test_a_crash_between_the_two_steps_is_repaired_by_either_command(
    folder: Path, program: Path
) -> None:
    kept = executable(folder / "pre-commit.before-envguard", "exit 0\n")
    assert hooks.install(folder, NAME, text(program)) is Outcome.CHAINED
    (folder / NAME).unlink()
    assert hooks.uninstall(folder, NAME) is Outcome.RESTORED
    assert (folder / NAME).read_bytes() == kept


def test_a_kept_hook_is_never_written_over(folder: Path, program: Path) -> None:
    kept = executable(folder / "pre-commit.before-envguard", "exit 0\n")
    foreign = executable(folder / NAME, "exit 1\n")
    with pytest.raises(UsageError) as caught:
        hooks.install(folder, NAME, text(program))
    assert "pre-commit.before-envguard" in caught.value.what
    assert (folder / NAME).read_bytes() == foreign
    assert (folder / "pre-commit.before-envguard").read_bytes() == kept


def test_a_write_that_fails_leaves_the_hook_in_place(
    folder: Path, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = executable(folder / NAME, "exit 0\n")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(hooks, "write_atomically", full)
    with pytest.raises(OSError, match="No space"):
        hooks.install(folder, NAME, text(program))
    assert (folder / NAME).read_bytes() == before
    assert [file.name for file in folder.glob("*envguard*")] == []


@pytest.mark.parametrize(
    ("body", "tool", "entry"),
    [
        ("# File generated by pre-commit: https://pre-commit.com", "pre-commit", "- {repo: local"),
        ("# husky\n# Created by Husky v4.3.8 (https://…)", "husky", ".husky/pre-commit"),
        ('call_lefthook run "pre-commit" "$@"', "lefthook", "lefthook.yml: pre-commit: {"),
        ("# Entrypoint for Overcommit hook integration.", "overcommit", ".yml: PreCommit: {"),
    ],
)
def test_a_hook_of_another_tool_is_left_alone_and_the_entry_shown(
    folder: Path, program: Path, body: str, tool: str, entry: str
) -> None:
    before = executable(folder / NAME, body + "\n")
    assert hooks.manager(folder, NAME) == tool
    with pytest.raises(UsageError) as caught:
        hooks.install(folder, NAME, text(program))
    assert tool in caught.value.what
    assert entry in caught.value.hint
    assert (folder / NAME).read_bytes() == before


def test_the_folder_of_husky_is_left_alone(tmp_path: Path, program: Path) -> None:
    with pytest.raises(UsageError, match="husky"):
        hooks.install(tmp_path / ".husky/_", NAME, text(program))


def test_an_unknown_hook_is_wrong_usage(folder: Path) -> None:
    with pytest.raises(UsageError):
        hooks.install(folder, "../config", "")


def test_the_path_is_searched_when_the_program_has_moved(
    repository: Repository, folder: Path, program: Path, tmp_path: Path
) -> None:
    hooks.install(folder, NAME, text("/not/there/envguard"))
    assert commit(repository, f"{program.parent}:{os.environ['PATH']}").returncode == 0
    assert (tmp_path / "calls").read_text() == "hook run\n"


def test_nothing_is_committed_when_envguard_is_not_found(
    repository: Repository, folder: Path, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("git", "sh"):
        where = next(Path(p) / tool for p in os.get_exec_path() if (Path(p) / tool).exists())
        (tools / tool).symlink_to(where)
    hooks.install(folder, NAME, text("/not/there/envguard"))
    done = commit(repository, str(tools))
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("envguard: error: nothing is committed")
    assert lines[1].startswith("envguard: hint: ")
    assert repository.git("rev-list", "--all", "--count") == "0"


def test_the_chain_holds_when_another_tool_renames_our_hook(
    folder: Path, program: Path, tmp_path: Path
) -> None:
    executable(folder / NAME, f'echo before >>"{tmp_path}/calls"\n')
    hooks.install(folder, NAME, text(program))
    (folder / NAME).rename(folder / "pre-commit.legacy")
    subprocess.run([folder / "pre-commit.legacy"], check=True)
    assert (tmp_path / "calls").read_text() == "hook run\nbefore\n"
