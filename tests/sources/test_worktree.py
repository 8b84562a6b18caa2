from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.document import Document
from envguard.core.errors import UsageError
from envguard.core.finding import Coverage, Unseen
from envguard.sources import reading
from envguard.sources.changes import OWN_REPOSITORY
from envguard.sources.git import Git, find
from envguard.sources.globs import Globs
from envguard.sources.worktree import Worktree

if TYPE_CHECKING:
    from tests.conftest import Repository


def read(
    git: Git | None,
    root: Path,
    *paths: Path,
    exclude: tuple[str, ...] = (),
    ignored: bool = False,
    coverage: Coverage | None = None,
) -> dict[str, bytes]:
    """Path and text of every document, each of which must come once."""
    counted = coverage if coverage is not None else Coverage()
    tree = Worktree(git, root, paths, exclude=Globs(exclude), ignored=ignored, coverage=counted)
    listed = [*tree.tracked(), *tree.untracked()]
    documents = [d for file in listed if isinstance(d := reading.read(file, counted), Document)]
    found = {document.path: document.text for document in documents}
    assert len(found) == len(documents) == counted.files
    assert counted.bytes == sum(map(len, found.values()))
    return found


def ignored_env_files(git: Git, root: Path, paths: list[Path]) -> list[str]:
    coverage = Coverage()
    tree = Worktree(git, root, paths, exclude=Globs(()), ignored=False, coverage=coverage)
    return tree.ignored_env_files()


def test_tracked_and_untracked_files_are_read_and_ignored_ones_are_not(
    repository: Repository, git: Git
) -> None:
    repository.commit({"tracked": "old", "gone": "x", ".gitignore": "*.log\nbuild/\n"})
    repository.write("tracked", "new in the work tree")
    (repository.root / "gone").unlink()
    repository.write("sub/untracked", "u")
    repository.write("a.log", "ignored")
    repository.write("build/b", "ignored")
    assert read(git, repository.root) == {
        ".gitignore": b"*.log\nbuild/\n",
        "tracked": b"new in the work tree",
        "sub/untracked": b"u",
    }
    everything = read(git, repository.root, ignored=True)
    assert everything.keys() >= {"a.log", "build/b", "tracked"}


def test_a_tracked_file_that_git_ignores_is_read(repository: Repository, git: Git) -> None:
    repository.commit({"a.log": "tracked", ".gitignore": "*.log\n"})
    assert "a.log" in read(git, repository.root)


def test_a_named_file_is_read_whatever_git_and_globs_say(repository: Repository, git: Git) -> None:
    repository.commit({".gitignore": ".env\n"})
    env = repository.write(".env", "A=1")
    found = read(git, repository.root, repository.root, env, exclude=("*",))
    assert found == {".env": b"A=1"}


def test_a_named_folder_gives_what_is_below_it(repository: Repository, git: Git) -> None:
    repository.commit({"a/b/c": "1", "a/bb/c": "2", "d": "3", "*/c": "4"})
    assert read(git, repository.root, repository.root / "a/b").keys() == {"a/b/c"}
    assert read(git, repository.root, repository.root / "*").keys() == {"*/c"}
    assert read(git, repository.root / "a", repository.root / "a").keys() == {"b/c", "bb/c"}
    assert read(git, repository.root / "a", repository.root / "d").keys() == {
        str(repository.root / "d")
    }


def test_paths_that_overlap_give_each_file_once(repository: Repository, git: Git) -> None:
    repository.commit({"a/b": "1", "c": "2"})
    root = repository.root
    assert read(git, root, root, root / "a", root / "a/b", root / "a/b").keys() == {"a/b", "c"}


def test_relative_paths_mean_the_current_folder(
    repository: Repository, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a/b": "1", "c": "2"})
    monkeypatch.chdir(repository.root / "a")
    assert read(git, Path(), Path("b"), Path("../c")).keys() == {"b", "../c"}
    assert read(git, Path(), Path()).keys() == {"b"}


def test_a_root_that_is_reached_through_a_link_names_the_same_paths(
    repository: Repository, git: Git, tmp_path: Path
) -> None:
    repository.commit({"a/b": "1"})
    link = tmp_path / "link"
    link.symlink_to(repository.root)
    assert read(git, link, link).keys() == {"a/b"}
    assert read(git, link, repository.root / "a/b").keys() == {"a/b"}


def test_a_path_that_is_not_there_is_a_usage_error(repository: Repository, git: Git) -> None:
    (repository.root / "dangling").symlink_to("nowhere")
    for name in ("missing", "dangling"):
        with pytest.raises(UsageError, match=name):
            read(git, repository.root, repository.root / name)


def test_links_are_left_out_unless_they_are_named(
    repository: Repository, git: Git, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("s")
    (repository.root / "file").symlink_to(outside / "secret")
    (repository.root / "folder").symlink_to(outside)
    coverage = Coverage()
    assert read(git, repository.root, coverage=coverage) == {}
    assert {unseen.path for unseen in coverage.excluded} == {"file", "folder"}
    assert {unseen.reason for unseen in coverage.excluded} == {"symbolic link"}
    assert coverage.complete
    assert read(git, repository.root, repository.root / "file") == {"file": b"s"}
    assert read(git, repository.root, repository.root / "folder") == {"folder/secret": b"s"}


def test_a_tracked_folder_that_became_a_link_is_not_followed(
    repository: Repository, git: Git, tmp_path: Path
) -> None:
    repository.commit({"sub/deep/secret": "tracked", "other": "x"})
    outside = tmp_path / "outside" / "deep"
    outside.mkdir(parents=True)
    (outside / "secret").write_text("another one's")
    subprocess.run(["rm", "-r", "sub"], cwd=repository.root, check=True)
    (repository.root / "sub").symlink_to(outside.parent)
    coverage = Coverage()
    assert read(git, repository.root, coverage=coverage) == {"other": b"x"}
    assert Unseen("sub", "symbolic link") in coverage.excluded


def test_special_files_never_block(repository: Repository, git: Git, tmp_path: Path) -> None:
    repository.commit({"pipe": "was a file", "device": "was a file", "file": "f"})
    for name in ("pipe", "device"):
        (repository.root / name).unlink()
    os.mkfifo(repository.root / "pipe")
    with socket.socket(socket.AF_UNIX) as server, pytest.MonkeyPatch.context() as patch:
        patch.chdir(repository.root)
        server.bind("device")
        coverage = Coverage()
        assert read(git, repository.root, coverage=coverage) == {"file": b"f"}
        assert {unseen.path for unseen in coverage.excluded} == {"pipe", "device"}
        named = Coverage()
        assert read(git, repository.root, repository.root / "pipe", coverage=named) == {}
        assert [unseen.path for unseen in named.excluded] == ["pipe"]
        walked = Coverage()
        assert read(None, tmp_path, repository.root / "pipe", coverage=walked) == {}


def test_repositories_inside_are_left_out_by_name(
    make_repository: Callable[..., Repository], opened: Callable[..., Git]
) -> None:
    outer, module = make_repository("outer"), make_repository("module")
    module.commit({"m": "m"})
    outer.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(module.root), "sub"
    )
    outer.commit({"file": "f"})
    nested = outer.root / "nested"
    subprocess.run(["git", "init", "--quiet", str(nested)], check=True)
    (nested / "n").write_text("n")
    git = opened(outer.root)
    coverage = Coverage()
    assert read(git, outer.root, coverage=coverage).keys() == {"file", ".gitmodules"}
    assert {u.path for u in coverage.excluded if u.reason == OWN_REPOSITORY} == {"sub", "nested"}
    assert read(git, outer.root, outer.root / "sub").keys() == {"sub/m"}
    assert read(git, outer.root, nested).keys() == {"nested/n"}
    subprocess.run(
        ["git", "submodule", "--quiet", "deinit", "-f", "sub"], cwd=outer.root, check=True
    )
    bare = Coverage()
    read(git, outer.root, coverage=bare)
    assert Unseen("sub", OWN_REPOSITORY) in bare.excluded


def test_a_file_that_became_a_folder_is_read_as_the_folder(
    repository: Repository, git: Git
) -> None:
    repository.commit({"thing": "file"})
    (repository.root / "thing").unlink()
    repository.write("thing/inside", "i")
    assert read(git, repository.root) == {"thing/inside": b"i"}


def test_what_globs_leave_out_is_named_once_for_each_folder(
    repository: Repository, git: Git
) -> None:
    repository.commit({"vendor/a/1": "", "vendor/b/2": "", "x.min.js": "", "keep": "k"})
    coverage = Coverage()
    found = read(git, repository.root, exclude=("vendor/**", "*.min.js"), coverage=coverage)
    assert found == {"keep": b"k"}
    assert sorted(unseen.path for unseen in coverage.excluded) == ["vendor/", "x.min.js"]
    assert coverage.complete


def test_a_conflict_does_not_give_a_file_twice(repository: Repository, git: Git) -> None:
    repository.commit({"f": "base\n"})
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit({"f": "side\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"f": "main\n"})
    repository.git("merge", "side", check=False)
    assert list(read(git, repository.root)) == ["f"]


def test_files_that_are_not_checked_out_have_no_content(repository: Repository, git: Git) -> None:
    repository.commit({"in/a": "1", "out/b": "2"})
    repository.git("sparse-checkout", "set", "in")
    coverage = Coverage()
    assert read(git, repository.root, coverage=coverage).keys() == {"in/a"}
    assert coverage.complete


def test_any_name_that_a_file_can_have_is_read(repository: Repository, git: Git) -> None:
    names = [b"line\nfeed", b'"quoted"', b"\xff\xfe", b"-option", b":(glob)x", "ä".encode(), b" "]
    for name in names:
        Path(os.fsdecode(os.path.join(os.fsencode(repository.root), name))).write_bytes(name)
    expected = {os.fsdecode(name): name for name in names}
    assert read(git, repository.root) == expected
    repository.commit()
    assert read(git, repository.root) == expected
    assert read(None, repository.root, repository.root) == expected
    for name in names:
        path = repository.root / os.fsdecode(name)
        assert read(git, repository.root, path) == {os.fsdecode(name): name}


def test_outside_of_a_repository_every_file_is_read(tmp_path: Path) -> None:
    for name in ("b", "a/c", "a/.hidden", ".git/config", "vendor/x"):
        file = tmp_path / "plain" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    plain = tmp_path / "plain"
    (plain / "a" / "link").symlink_to(plain)
    (plain / ".git" / "config").unlink()
    (plain / ".git").rmdir()
    subprocess.run(["git", "init", "--quiet", str(plain / "nested")], check=True)
    coverage = Coverage()
    found = read(None, plain, exclude=("vendor",), coverage=coverage)
    assert list(found) == ["b", "a/.hidden", "a/c"]
    assert {(unseen.path, unseen.reason) for unseen in coverage.excluded} == {
        ("vendor/", "excluded by configuration"),
        ("a/link", "symbolic link"),
        ("nested", OWN_REPOSITORY),
    }


def test_a_named_folder_that_git_ignores_says_so(repository: Repository, git: Git) -> None:
    repository.commit({".gitignore": "build/\n"})
    repository.write("build/out", "o")
    coverage = Coverage()
    assert read(git, repository.root, repository.root / "build", coverage=coverage) == {}
    assert [unseen.path for unseen in coverage.excluded] == ["build/"]


def test_a_linked_worktree_is_read_as_its_own(
    repository: Repository, opened: Callable[..., Git]
) -> None:
    repository.commit({"a": "main"})
    linked = repository.root / "linked"
    repository.git("worktree", "add", "--quiet", str(linked))
    (linked / "a").write_text("linked")
    assert read(opened(linked), linked) == {"a": b"linked"}
    assert read(opened(repository.root), repository.root) == {"a": b"main"}


CHILD = """
import os, sys
from pathlib import Path
from envguard.core.finding import Coverage
from envguard.sources.git import find
from envguard.sources.globs import Globs
from envguard.sources.reading import read
from envguard.sources.worktree import Worktree
root = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
for git in (find(root), None):
    coverage = Coverage()
    tree = Worktree(git, root, [], exclude=Globs(()), ignored=False, coverage=coverage)
    listed = [*tree.tracked(), *tree.untracked()]
    found = [document.path for file in listed if (document := read(file, coverage))]
    print(found, sorted((u.path.rstrip("/"), u.reason) for u in coverage.skipped))
"""


def test_what_cannot_be_read_is_named_and_the_scan_incomplete(
    own_world: Path,
) -> None:
    """In a process that is not root, as root can read everything."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        subprocess.run(["git", "init", "--quiet", place], check=True)
        for name in ("open/a", "locked/b", "closed"):
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text("x")
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "65534:65534", place], check=True)
        root.chmod(0o755)
        (root / "locked").chmod(0)
        (root / "closed").chmod(0)
        try:
            done = subprocess.run(
                [sys.executable, "-c", CHILD, place],
                env={**os.environ, "HOME": "/nonexistent"},
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            (root / "locked").chmod(0o755)
    assert done.returncode == 0, done.stderr
    skipped = "[('closed', 'permission denied'), ('locked', 'permission denied')]"
    assert done.stdout.splitlines() == [f"['open/a'] {skipped}"] * 2


def test_ignored_env_files_are_found_without_wholly_ignored_folders(
    repository: Repository, git: Git
) -> None:
    repository.commit({".gitignore": ".env*\n*.env\nnode_modules/\n", "sub/x": ""})
    for name in (
        ".env",
        ".env.example",
        "sub/prod.env",
        "sub/new/.env.local",
        "node_modules/p/.env",
    ):
        repository.write(name, "")
    repository.write("plain/.envrc", "")
    root = repository.root
    assert ignored_env_files(git, root, []) == [".env", "sub/new/.env.local", "sub/prod.env"]
    assert ignored_env_files(git, root / "sub", [root / "sub"]) == ["new/.env.local", "prod.env"]
    assert ignored_env_files(git, root, [root / ".env"]) == []


def test_tracked_env_files_are_no_ignored_ones(repository: Repository, git: Git) -> None:
    repository.commit({".gitignore": ".env\n", ".env": "A=1"})
    assert ignored_env_files(git, repository.root, []) == []


def test_find_and_files_agree_below_a_link(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a/b": "1"})
    link = tmp_path / "elsewhere"
    link.symlink_to(repository.root / "a")
    assert read(find(link), link, link).keys() == {"b"}
