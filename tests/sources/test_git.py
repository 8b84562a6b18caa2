from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.errors import ExitCode
from envguard.sources.door import GitError
from envguard.sources.git import Git, find

if TYPE_CHECKING:
    from tests.conftest import Repository

Opened = Callable[..., Git]
Clone = Callable[..., Path]


def test_a_file_and_a_folder_are_found_in_their_repository(repository: Repository) -> None:
    file = repository.write("deep/er/file.txt", "x")
    for path in (
        repository.root,
        file.parent,
        file,
        repository.root / ".git",
        Path(str(file) + "!"),
    ):
        git = find(path)
        assert git is not None
        assert (git.top, git.bare, git.null_id) == (repository.root, False, "0" * 40)


def test_outside_of_any_repository_there_is_none(tmp_path: Path) -> None:
    assert find(tmp_path) is None
    assert find(tmp_path / "missing" / "file") is None


def test_a_sha256_repository_has_a_longer_null_id(
    make_repository: Callable[..., Repository], opened: Opened
) -> None:
    repository = make_repository("long", "--object-format=sha256")
    git = opened(repository.root)
    assert git.null_id == "0" * 64
    assert git.empty_tree == repository.git("hash-object", "-t", "tree", os.devnull)


def test_the_empty_tree_is_the_one_that_git_computes(repository: Repository, git: Git) -> None:
    assert git.empty_tree == repository.git("hash-object", "-t", "tree", os.devnull)


def test_a_bare_repository_is_opened_only_when_it_is_named(
    make_repository: Callable[..., Repository], opened: Opened
) -> None:
    bare = make_repository("bare.git", "--bare").root
    assert find(bare) is None
    git = opened(bare, allow_bare=True)
    assert (git.top, git.bare) == (bare, True)
    assert find(bare / "refs", allow_bare=True) is None


def test_a_git_folder_that_is_named_is_opened_without_work_tree(
    repository: Repository, opened: Opened
) -> None:
    head = repository.commit({"a": "a"})
    git = opened(repository.root / ".git", allow_bare=True)
    assert git.bare
    assert git.resolve("HEAD") == head


def test_a_bare_style_folder_inside_a_clone_is_passed_by(
    repository: Repository, opened: Opened
) -> None:
    inside = repository.root / "vendor" / "trap"
    subprocess.run(["git", "init", "--quiet", "--bare", str(inside)], check=True)
    repository.commit()
    assert opened(inside).top == repository.root
    assert opened(inside / "refs").top == repository.root
    assert opened(inside, allow_bare=True).top == inside


def test_a_bogus_git_folder_on_the_way_is_passed_by_as_git_does(
    repository: Repository, opened: Opened
) -> None:
    repository.write("sub/.git/nothing", "")
    assert opened(repository.root / "sub").top == repository.root


def test_a_nested_repository_is_its_own(repository: Repository, opened: Opened) -> None:
    nested = repository.root / "nested"
    subprocess.run(["git", "init", "--quiet", str(nested)], check=True)
    assert opened(nested).top == nested


def test_a_linked_worktree_has_its_own_top(repository: Repository, opened: Opened) -> None:
    head = repository.commit({"a": "a"})
    linked = repository.root.parent / "linked"
    repository.git("worktree", "add", "--quiet", str(linked))
    git = opened(linked)
    assert (git.top, git.resolve("HEAD")) == (linked, head)
    assert git.hooks.resolve() == repository.root / ".git/hooks"


def test_the_top_may_hold_a_line_feed(
    make_repository: Callable[..., Repository], opened: Opened
) -> None:
    repository = make_repository("two\nlines")
    assert opened(repository.root).top == repository.root


@pytest.mark.parametrize(
    "damage",
    [
        lambda root: (root / ".git/HEAD").unlink(),
        lambda root: (shutil.rmtree(root / ".git"), (root / ".git").write_text("gitdir: /nope")),
        lambda root: (root / ".git/config").write_text("[core\n"),
        lambda root: (root / ".git/config").write_text("[core]\nrepositoryformatversion = 99\n"),
        lambda root: (root / ".git/config").write_text(
            "[core]\nrepositoryformatversion = 0\nworktree = ../..\n"
        ),
        lambda root: (
            (root.parent / "other").mkdir(),
            (root / ".git/config").write_text(
                "[core]\nrepositoryformatversion = 0\nworktree = ../../other\n"
            ),
        ),
    ],
    ids=["no HEAD", "dangling", "broken config", "unknown format", "tree above", "tree elsewhere"],
)
def test_a_broken_repository_is_an_error_and_never_none(
    repository: Repository, damage: Callable[[Path], object]
) -> None:
    damage(repository.root)
    with pytest.raises(GitError) as raised:
        find(repository.root)
    assert raised.value.exit_code is ExitCode.USAGE
    assert "\n" not in raised.value.what
    assert raised.value.hint


def test_another_users_repository_is_refused_with_the_command(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    # git's own test suite pretends like this.
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(GitError) as raised:
        find(repository.root)
    assert "another user" in raised.value.what
    assert f"safe.directory {repository.root}" in raised.value.hint


def test_without_git_the_error_says_so(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(GitError, match="not installed"):
        find(repository.root)


def test_git_is_never_looked_up_in_the_repository(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, opened: Opened
) -> None:
    canary = repository.root.parent / "canary"
    fake = repository.write("git", f"#!/bin/sh\ntouch {canary}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.environ['PATH']}")
    assert opened(repository.root).top == repository.root
    assert not canary.exists()


def test_a_repository_without_work_tree_in_dot_git_names_the_way_out(
    repository: Repository, opened: Opened
) -> None:
    repository.git("config", "core.bare", "true")
    with pytest.raises(GitError, match="without a work tree"):
        find(repository.root)
    assert opened(repository.root, allow_bare=True).bare


def test_a_hooks_index_is_honoured_for_its_repository_and_no_other(
    make_repository: Callable[..., Repository], monkeypatch: pytest.MonkeyPatch, opened: Opened
) -> None:
    ours, other = make_repository("ours"), make_repository("other")
    for repository in (ours, other):
        repository.write("file", "x")
    index = ours.root / ".git" / "next-index"
    subprocess.run(
        ["git", "add", "file"],
        cwd=ours.root,
        env={**os.environ, "GIT_INDEX_FILE": str(index)},
        check=True,
    )
    monkeypatch.chdir(ours.root)
    monkeypatch.setenv("GIT_INDEX_FILE", str(index))
    assert opened(ours.root).run("ls-files") == b"file\n"
    assert opened(other.root).run("ls-files") == b""


def test_a_repository_that_git_dir_names_is_found_where_no_dot_git_stands(
    make_repository: Callable[..., Repository],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    opened: Opened,
) -> None:
    other = make_repository("home/other")
    bare = tmp_path / "dotfiles.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True)
    home = tmp_path / "home"
    monkeypatch.chdir(home)
    monkeypatch.setenv("GIT_DIR", "../dotfiles.git")
    monkeypatch.setenv("GIT_WORK_TREE", ".")
    git = opened(home)
    assert git.top == home
    assert git.run("rev-parse", "--absolute-git-dir").decode().strip() == str(bare)
    assert opened(other.root).top == other.root
    assert opened(other.root).run("rev-parse", "--git-dir") == b".git\n"


def test_a_receiving_hook_sees_its_quarantine(
    make_repository: Callable[..., Repository], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What git sets for pre-receive: GIT_DIR=., and the objects that arrived set apart."""
    server, client = make_repository("server.git", "--bare"), make_repository("client")
    new = client.commit({"a": "a"})
    hook = server.root / "hooks/pre-receive"
    hook.write_text(
        f"#!/bin/sh\nenv | grep ^GIT_ > {tmp_path}/told\npwd > {tmp_path}/where\nexit 1\n"
    )
    hook.chmod(0o755)
    client.git("push", str(server.root), "main", check=False)
    told = dict(line.split("=", 1) for line in (tmp_path / "told").read_text().splitlines())
    assert "GIT_QUARANTINE_PATH" in told
    # The hook is over; its quarantine is the client's objects from now on.
    told["GIT_OBJECT_DIRECTORY"] = str(client.root / ".git/objects")
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir((tmp_path / "where").read_text().strip())
    git = find(Path(), allow_bare=True)
    assert git is not None
    assert git.resolve(new) == new


@pytest.mark.parametrize(
    "revision",
    ["", "-h", "--all", "nothing", "^HEAD", "HEAD:a", "a\nb", "a\0b", "HEAD..HEAD", "0" * 40],
)
def test_what_names_no_commit_resolves_to_none(
    repository: Repository, git: Git, revision: str
) -> None:
    repository.commit({"a": "a"})
    assert git.resolve(revision) is None


def test_branches_tags_and_abbreviations_resolve(repository: Repository, git: Git) -> None:
    head = repository.commit({"a": "a"})
    repository.git("tag", "-a", "v1", "-m", "one")
    for revision in ("HEAD", "main", "v1", head, head[:8], "@"):
        assert git.resolve(revision) == head


def test_a_failing_command_is_one_printable_line_with_a_hint(
    repository: Repository, git: Git
) -> None:
    with pytest.raises(GitError) as raised:
        git.run("cat-file", "blob", "HEAD:\x1b[31m\nname")
    assert "git cat-file failed" in raised.value.what
    assert raised.value.what.isprintable()
    assert "fsck" in raised.value.hint


def test_a_stream_that_fails_raises_after_what_it_gave(repository: Repository, git: Git) -> None:
    with pytest.raises(GitError, match="rev-list"):
        list(git.stream("rev-list", "nothing"))


def test_a_stream_that_is_left_ends_its_child(repository: Repository, git: Git) -> None:
    repository.commit({"big": os.urandom(8_000_000)})
    stream = git.stream("cat-file", "blob", "HEAD:big")
    assert next(stream)
    stream.close()  # hangs, or warns of an open file, where the child stays


def test_text_at_reads_a_file_of_a_commit(repository: Repository, git: Git) -> None:
    first = repository.commit({"sub/envguard.toml": "one = 1\n", "bytes": b"\xff"})
    (repository.root / "link").symlink_to("sub/envguard.toml")
    repository.commit({"sub/envguard.toml": "two = 2\n"})
    assert git.text_at(first, "sub/envguard.toml") == "one = 1\n"
    assert git.text_at("HEAD", "sub/envguard.toml") == "two = 2\n"
    assert git.text_at(first, "missing") is None
    assert git.text_at(first, "sub") is None
    assert git.text_at("HEAD", "link") is None
    with pytest.raises(GitError, match="UTF-8"):
        git.text_at(first, "bytes")


def test_tracks_knows_the_index(repository: Repository, git: Git, tmp_path: Path) -> None:
    repository.commit({"*.env": "", "a.env": ""})
    repository.git("rm", "--quiet", "--cached", "a.env")
    assert git.tracks(repository.root / "*.env")
    assert not git.tracks(repository.root / "a.env")
    assert not git.tracks(tmp_path / "elsewhere")


def test_the_hooks_folder_is_the_configured_one(repository: Repository, git: Git) -> None:
    assert git.hooks == repository.root / ".git/hooks"
    repository.git("config", "core.hooksPath", ".husky/_")
    assert git.hooks == repository.root / ".husky/_"


def test_a_plain_clone_is_neither_shallow_nor_partial(
    repository: Repository, clone: Clone, opened: Opened
) -> None:
    repository.commit({"a": "a"})
    repository.commit({"a": "b"})
    whole = opened(clone(repository))
    assert (whole.shallow, whole.partial) == (False, False)
    assert opened(clone(repository, "--depth=1", name="shallow")).shallow
    assert opened(clone(repository, "--filter=blob:none", name="partial")).partial
