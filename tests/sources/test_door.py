"""A hostile repository: everything in it that git could be made to run leaves a canary."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.finding import Coverage
from envguard.sources import history, index, ranges, reading, worktree
from envguard.sources.git import Git, find
from envguard.sources.globs import Globs
from envguard.sources.refs import containing
from envguard.sources.repository import remotes
from tests.sources.logs import trace

if TYPE_CHECKING:
    from tests.conftest import Repository

SIGNED = """tree {tree}
parent {parent}
author Eve <eve@example.com> 1700000000 +0000
committer Eve <eve@example.com> 1700000000 +0000
gpgsig -----BEGIN PGP SIGNATURE-----
 
 wsBcBAABCAAQBQJ=
 -----END PGP SIGNATURE-----

signed
"""  # noqa: W293 - the format has a line of one blank


PATCH = ["diff", "HEAD~2", "HEAD~3", "--", "b.txt"]
FILTERS = ["filter.evil.process", "filter.evil.smudge", "diff.orderFile"]


class Hostile:
    """A clone whose configuration and attributes name programs in every place that we know."""

    def __init__(self, repository: Repository, clone: Callable[..., Path], folder: Path) -> None:
        self.canaries = folder / "canaries"
        self.canaries.mkdir()
        self.folder = folder
        repository.write(".gitattributes", "* diff=evil filter=evil merge=evil\n")
        # Long contents stay with the remote, but for those that are checked out.
        repository.commit({"a.txt": "long\n" * 30, "b.txt": "one\n", ".gitmodules": ""})
        repository.commit({"a.txt": "longer\n" * 30, "b.txt": "two\n"})
        subprocess.run(
            ["git", "init", "--quiet", "--bare", "trap"], cwd=repository.root, check=True
        )
        self.configure(repository.root / "trap" / "config")
        repository.write("trap/refs/.keep", "")
        repository.write("trap/objects/.keep", "")
        repository.commit()
        self.sign(repository)
        self.root = clone(repository, "--filter=blob:limit=60", "--no-local")
        self.configure(self.root / ".git" / "config")
        hooks = self.root / ".git" / "hooks"
        for name in ("post-index-change", "reference-transaction", "post-checkout", "pre-commit"):
            (hooks / name).write_bytes(self.program(f"hook-{name}").read_bytes())
            (hooks / name).chmod(0o755)
        (self.root / "a.txt").write_text("changed in the work tree\n")
        (self.root / "new.txt").write_text("new\n")

    def program(self, name: str) -> Path:
        file = self.folder / f"run-{name}"
        file.write_text(f"#!/bin/sh\ntouch '{self.canaries}/{name}'\nexit 1\n")
        file.chmod(0o755)
        return file

    def configure(self, config: Path) -> None:
        settings = {
            "core.fsmonitor": "fsmonitor",
            "core.pager": "pager",
            "pager.log": "pager",
            "core.sshCommand": "ssh",
            "core.gitProxy": "proxy",
            "core.askPass": "askpass",
            "core.editor": "editor",
            "core.alternateRefsCommand": "alternate-refs",
            "credential.helper": "credentials",
            "diff.external": "external",
            "diff.evil.command": "driver",
            "diff.evil.textconv": "textconv",
            "filter.evil.clean": "clean",
            "filter.evil.smudge": "smudge",
            "filter.evil.process": "process",
            "merge.evil.driver": "merge",
            "gpg.program": "gpg",
            "gpg.ssh.program": "gpg-ssh",
            "remote.origin.uploadpack": "uploadpack",
            "uploadpack.packObjectsHook": "pack-objects",
            "log.showSignature": "",
            "protocol.allow": "",
            "core.hooksPath": "",
        }
        fixed = {
            "log.showSignature": "true",
            "protocol.allow": "always",
            "core.hooksPath": str(self.folder / "hooks"),
            "protocol.file.allow": "always",
            "protocol.ext.allow": "always",
            "diff.evil.cachetextconv": "true",
            "alias.log": f"!{self.program('alias')}",
            "log.mailmap": "true",
            "diff.orderFile": "missing-order-file",
            "diff.relative": "true",
            "diff.renames": "copies",
            "color.ui": "always",
            "log.follow": "true",
            "log.showRoot": "false",
            "format.pretty": "oneline",
            "remote.evil.url": f"ext::{self.program('ext')}",
            "remote.evil.promisor": "true",
        }
        (self.folder / "hooks").mkdir(exist_ok=True)
        for name in ("post-index-change", "reference-transaction"):
            hook = self.folder / "hooks" / name
            hook.write_bytes(self.program(f"path-{name}").read_bytes())
            hook.chmod(0o755)
        values = {
            **{key: str(self.program(name)) for key, name in settings.items() if name},
            **fixed,
        }
        for key, value in values.items():
            subprocess.run(["git", "config", "--file", str(config), key, value], check=True)

    def sign(self, repository: Repository) -> None:
        tree, parent = repository.git("rev-parse", "HEAD^{tree}", "HEAD").split()
        file = self.folder / "commit"
        file.write_text(SIGNED.format(tree=tree, parent=parent))
        commit = repository.git("hash-object", "-t", "commit", "-w", "--literally", str(file))
        repository.git("update-ref", "HEAD", commit)

    def ran(self) -> set[str]:
        return {file.name for file in self.canaries.iterdir()}


@pytest.fixture
def hostile(repository: Repository, clone: Callable[..., Path], tmp_path: Path) -> Hostile:
    return Hostile(repository, clone, tmp_path)


def everything(git: Git) -> Iterator[object]:
    """Every public function of the sources, carried out to the end."""
    coverage = Coverage()
    for ignored in (False, True):
        for paths in ([], [git.top / "trap"]):
            tree = worktree.Worktree(
                git, git.top, paths, exclude=Globs(()), ignored=ignored, coverage=coverage
            )
            listed = [*tree.tracked(), *tree.untracked()]
            yield [reading.read(file, coverage) for file in listed]
            yield tree.ignored_env_files()
    yield index.staged(git, coverage)
    yield index.tracked(git)
    first = git.run("rev-list", "--max-parents=0", "HEAD").decode().strip()
    span = ranges.choose(git, f"{first}..HEAD", None)
    yield ranges.choose(git, "HEAD~1...HEAD", None)
    changed = list(ranges.changes(git, span, coverage))
    yield changed
    blobs = history.blobs(git, lambda document: [document], coverage)
    yield blobs
    yield list(history.messages(git))
    old = {blob for commit in changed for change in commit.changes for blob in change.old}
    yield list(trace(git, {*old, *blobs}))
    yield history.in_head(git)
    yield containing(git, [first])
    yield list(git.contents(old))
    yield git.text_at("HEAD", ".gitattributes")
    yield git.tracks(git.top / "a.txt")
    yield git.hooks
    yield remotes(git)


def test_nothing_of_a_hostile_repository_runs(hostile: Hostile) -> None:
    for place in (hostile.root, hostile.root / "trap", hostile.root / "trap" / "refs"):
        git = find(place)
        assert git is not None
        assert git.top == hostile.root
    assert all(outcome is not None for outcome in everything(git))
    assert hostile.ran() == set()


def test_nothing_runs_either_through_the_environment(
    hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "PAGER", "GIT_EDITOR", "GIT_SSH", "GIT_ASKPASS"):
        monkeypatch.setenv(name, str(hostile.program(name)))
    monkeypatch.setenv("GIT_ICASE_PATHSPECS", "1")
    git = find(hostile.root)
    assert git is not None
    assert all(outcome is not None for outcome in everything(git))
    assert hostile.ran() == set()


def test_a_hostile_bare_repository_runs_nothing_when_it_is_named(hostile: Hostile) -> None:
    git = find(hostile.root / "trap", allow_bare=True)
    assert git is not None
    assert git.bare
    coverage = Coverage()
    assert history.blobs(git, lambda document: [document], coverage) == {}
    assert list(trace(git, ["1" * 40])) == []
    assert hostile.ran() == set()


@pytest.mark.parametrize(
    ("canary", "unset", "command"),
    [
        ("fsmonitor", [], ["ls-files", "--others"]),
        ("gpg", [], ["log", "-1"]),
        ("external", [*FILTERS, "diff.evil.command"], PATCH),
        ("driver", [*FILTERS], PATCH),
        ("smudge", ["filter.evil.process", "diff.orderFile"], PATCH),
        ("textconv", [*FILTERS, "diff.external", "diff.evil.command"], PATCH),
        ("uploadpack", ["remote.evil.promisor"], ["cat-file", "-p", "HEAD~3:a.txt"]),
        ("ext", ["remote.origin.promisor"], ["cat-file", "-p", "HEAD~3:a.txt"]),
        ("process", [], ["add", "a.txt"]),
        ("clean", ["filter.evil.process"], ["add", "a.txt"]),
        ("path-post-index-change", ["filter.evil.process"], ["add", "a.txt"]),
        ("hook-post-index-change", ["filter.evil.process", "core.hooksPath"], ["add", "a.txt"]),
    ],
)
def test_the_traps_are_armed(
    hostile: Hostile, canary: str, unset: list[str], command: list[str]
) -> None:
    """Without the door each of these runs its program: the tests above can fail."""
    for key in unset:
        subprocess.run(["git", "config", "--unset", key], cwd=hostile.root, check=True)
    subprocess.run(
        ["git", *command], cwd=hostile.root, capture_output=True, check=False, timeout=60
    )
    assert canary in hostile.ran()


def test_configuration_does_not_change_what_is_read(hostile: Hostile) -> None:
    git = find(hostile.root)
    assert git is not None
    first = git.run("rev-list", "--max-parents=0", "HEAD").decode().strip()
    span = ranges.choose(git, f"{first}..HEAD", None)
    changed = list(ranges.changes(git, span, Coverage()))
    assert len(changed) == 3
    assert [change.path for change in changed[-1].changes] == ["a.txt", "b.txt"]
    assert changed[0].author == "Eve <eve@example.com>"
    assert changed[0].date.startswith("2023-11-14T22:13:20")
    blob = changed[-1].changes[0].old[0]
    (root,) = (c for c in trace(git, [blob]) if c.commit == first)
    assert root.changes[0].new == blob
