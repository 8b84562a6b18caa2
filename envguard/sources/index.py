"""The index: what the next commit would bring."""

from __future__ import annotations

import os
from collections.abc import Iterator

from envguard.core.errors import UsageError
from envguard.core.finding import Coverage
from envguard.sources.changes import Change, read_changes, read_entries
from envguard.sources.door import DIFF_OPTIONS, GitError
from envguard.sources.git import Git


def staged(git: Git, coverage: Coverage) -> list[Change]:
    """What the index changes against HEAD, or against nothing before the first commit.

    A rename has the blob under its old name as `old`. Of a path in conflict, each side that
    differs from HEAD is a change. A path that is only intended to be added has no content yet,
    and is none. Counts `files`; the bytes are for whoever reads them.
    """
    if git.bare:
        raise UsageError(f"{git.top} has no work tree, and so no index", "name a work tree")
    try:
        output = _diff(git, "HEAD")
    except GitError:
        if git.resolve("HEAD") is not None:
            raise
        output = _diff(git, git.empty_tree)
    fields = output.split(b"\0")[:-1]
    found = list(read_changes(fields, coverage))
    conflicts = {os.fsdecode(path) for words, path, _ in read_entries(fields) if words[-1] == b"U"}
    if conflicts:
        held = {change.path: change.old for change in found if change.path in conflicts}
        found = [change for change in found if change.path not in conflicts]
        found += _sides(git, held)
    coverage.files += sum(change.new is not None for change in found)
    return found


def tracked(git: Git) -> list[Change]:
    """Everything that the index holds, as if all of it were added; submodules have no content."""
    return [Change(path, (), blob) for path, _, mode, blob in _entries(git) if mode != "160000"]


def _entries(git: Git, *options: str) -> Iterator[tuple[str, str, str, str]]:
    """Path, stage, mode and blob of each entry of the index."""
    for line in git.run("ls-files", "--stage", "-z", *options).split(b"\0")[:-1]:
        # Mode, id, stage, a tab and the path: git-ls-files(1), OUTPUT.
        about, _, name = line.partition(b"\t")
        mode, blob, stage = about.decode("ascii").split(" ")
        yield os.fsdecode(name), stage, mode, blob


def _diff(git: Git, tree: str) -> bytes:
    try:
        return _raw_diff(git, tree, "-M")
    except GitError:
        if not git.partial:
            raise
        # Contents to compare are not here: only exact renames.
        return _raw_diff(git, tree, "-M100%")


def _raw_diff(git: Git, tree: str, renames: str) -> bytes:
    return git.run(
        *("diff-index", "--cached", *DIFF_OPTIONS, renames, "-l1000"),
        *("--ita-invisible-in-index", tree, "--"),
    )


def _sides(git: Git, held: dict[str, tuple[str, ...]]) -> Iterator[Change]:
    """Our and their side (stages 2 and 3) of each path in conflict; `held` is what HEAD has."""
    for path, stage, mode, blob in _entries(git, "--unmerged"):
        old = held.get(path, ())
        if stage in ("2", "3") and mode != "160000" and blob not in old:
            yield Change(path, old, blob)
