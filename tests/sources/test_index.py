from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.errors import UsageError
from envguard.core.finding import Coverage
from envguard.sources.changes import OWN_REPOSITORY, Change
from envguard.sources.door import GitError
from envguard.sources.git import Git
from envguard.sources.index import staged, tracked

if TYPE_CHECKING:
    from tests.conftest import Repository


def blob(repository: Repository, text: str) -> str:
    file = repository.root.parent / "text"
    file.write_text(text)
    return repository.git("hash-object", str(file))


def test_before_the_first_commit_everything_staged_is_new(repository: Repository, git: Git) -> None:
    repository.write("a", "1")
    repository.write("b", "2")
    repository.git("add", "a")
    coverage = Coverage()
    assert staged(git, coverage) == [Change("a", (), blob(repository, "1"))]
    assert coverage.files == 1


def test_the_index_counts_and_not_the_work_tree(repository: Repository, git: Git) -> None:
    repository.commit({"a": "old", "gone": "g", "same": "s"})
    repository.write("a", "staged")
    repository.git("rm", "--quiet", "gone")
    repository.git("add", "a")
    repository.write("a", "only in the work tree")
    coverage = Coverage()
    assert staged(git, coverage) == [
        Change("a", (blob(repository, "old"),), blob(repository, "staged")),
        Change("gone", (blob(repository, "g"),), None),
    ]
    assert coverage.files == 1


def test_nothing_staged_is_nothing(repository: Repository, git: Git) -> None:
    assert staged(git, Coverage()) == []
    repository.commit({"a": "1"})
    repository.write("a", "2")
    assert staged(git, Coverage()) == []


def test_a_rename_has_its_old_content(repository: Repository, git: Git) -> None:
    lines = "".join(f"line {number}\n" for number in range(50))
    repository.commit({"old name": lines})
    repository.git("mv", "old name", "new\nname")
    repository.write("new\nname", lines + "one more\n")
    repository.git("add", ".")
    old, new = blob(repository, lines), blob(repository, lines + "one more\n")
    assert staged(git, Coverage()) == [Change("new\nname", (old,), new, "old name")]


def test_names_that_look_like_gits_output_are_only_names(repository: Repository, git: Git) -> None:
    lines = "".join(f"line {number}\n" for number in range(50))
    awkward = ":100644 000000 0 0 U"
    repository.commit({awkward: lines})
    repository.git("mv", awkward, "real")
    assert staged(git, Coverage()) == [
        Change("real", (blob(repository, lines),), blob(repository, lines), awkward)
    ]


def test_links_are_their_text_and_submodules_are_left_out(
    make_repository: Callable[..., Repository], opened: Callable[..., Git]
) -> None:
    outer, module = make_repository("outer"), make_repository("module")
    module.commit({"m": "m"})
    outer.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(module.root), "sub"
    )
    (outer.root / "link").symlink_to("target")
    outer.git("add", "link")
    git = opened(outer.root)
    for _ in range(2):
        coverage = Coverage()
        found = {change.path: change.new for change in staged(git, coverage)}
        assert found.keys() == {"link", ".gitmodules"}
        assert found["link"] == blob(outer, "target")
        assert [(u.path, u.reason) for u in coverage.excluded] == [("sub", OWN_REPOSITORY)]
        assert {change.path for change in tracked(git)} == {"link", ".gitmodules"}
        outer.git("config", "diff.ignoreSubmodules", "all")


def test_a_file_that_is_only_intended_to_be_added_is_none(repository: Repository, git: Git) -> None:
    repository.write("later", "x")
    repository.git("add", "--intent-to-add", "later")
    assert staged(git, Coverage()) == []
    repository.git("commit", "--quiet", "--allow-empty", "-m", "first")
    assert staged(git, Coverage()) == []


def test_both_sides_of_a_conflict_are_looked_at(repository: Repository, git: Git) -> None:
    repository.commit({"f": "base\n", "deleted": "d\n"})
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit({"f": "side\n", "deleted": "changed\n", "clean": "c\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"f": "main\n", "deleted": None})
    repository.git("merge", "side", check=False)
    found = sorted(staged(git, Coverage()), key=lambda change: change.path)
    assert found == [
        Change("clean", (), blob(repository, "c\n")),
        Change("deleted", (), blob(repository, "changed\n")),
        Change("f", (blob(repository, "main\n"),), blob(repository, "side\n")),
    ]


def test_a_hooks_own_index_is_the_one_that_counts(
    repository: Repository, git: Git, opened: Callable[..., Git], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`git commit FILE` shows its hook an index that is not `.git/index`."""
    repository.commit({"a": "1", "b": "1"})
    hook = repository.root / ".git/hooks/pre-commit"
    hook.write_text('#!/bin/sh\necho "$GIT_INDEX_FILE" > told\ncp "$GIT_INDEX_FILE" kept\n')
    hook.chmod(0o755)
    repository.write("a", "2")
    repository.write("b", "2")
    repository.git("add", "b")
    repository.git("commit", "--quiet", "-m", "only a", "a")
    assert (repository.root / "told").read_text().strip() != ".git/index"
    repository.git("update-ref", "HEAD", "HEAD~1")
    monkeypatch.chdir(repository.root)
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository.root / "kept"))
    changes = staged(opened(repository.root), Coverage())
    assert [change.path for change in changes] == ["a"]


def test_paths_of_any_bytes_come_as_they_are(repository: Repository, git: Git) -> None:
    names = [b"\xff", b'"', b"a\tb", b"\n", "é".encode()]
    for name in names:
        Path(os.fsdecode(os.path.join(os.fsencode(repository.root), name))).write_bytes(b"x")
    repository.git("add", ".")
    found = {os.fsencode(change.path) for change in staged(git, Coverage())}
    assert found == set(names)


def test_a_bare_repository_has_no_index(
    make_repository: Callable[..., Repository], opened: Callable[..., Git]
) -> None:
    git = opened(make_repository("bare.git", "--bare").root, allow_bare=True)
    with pytest.raises(UsageError, match="no work tree"):
        staged(git, Coverage())


def test_staged_works_in_a_partial_clone(
    repository: Repository, clone: Callable[..., Path], opened: Callable[..., Git]
) -> None:
    repository.commit({"a": "long\n" * 100, "b": "b"})
    place = clone(repository, "--filter=blob:none", "--no-checkout")
    git = opened(place)
    subprocess.run(["git", "read-tree", "HEAD"], cwd=place, check=True)
    (place / "new").write_text("long\n" * 100 + "x")
    subprocess.run(["git", "add", "new"], cwd=place, check=True)
    subprocess.run(["git", "rm", "--quiet", "--cached", "a"], cwd=place, check=True)
    # What git would fetch the missing content with, to compare it with the new file.
    spy = place.parent / "spy"
    spy.write_text(f"#!/bin/sh\n: > {place.parent}/spied\n")
    spy.chmod(0o755)
    subprocess.run(["git", "config", "remote.origin.uploadpack", str(spy)], cwd=place, check=True)
    assert {change.path for change in staged(git, Coverage())} == {"a", "new"}
    assert not (place.parent / "spied").exists()


def test_a_broken_index_is_an_error(repository: Repository, git: Git) -> None:
    repository.commit({"a": "1"})
    (repository.root / ".git/index").write_bytes(b"rubbish")
    with pytest.raises(GitError, match="index"):
        staged(git, Coverage())
