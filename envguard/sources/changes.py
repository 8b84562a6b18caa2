"""What a commit, or the index, changes: the nouns, and how git's raw diffs are read.

The format of raw diffs: https://git-scm.com/docs/diff-format
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from envguard.core.finding import Coverage, Unseen
from envguard.sources.door import DIFF_OPTIONS, GitError
from envguard.sources.git import Git

OWN_REPOSITORY = "a repository of its own, scan it by itself"

LOG_OPTIONS = (
    *DIFF_OPTIONS,
    "-c",
    "--root",
    "--no-notes",
    "--encoding=UTF-8",
    # Each record ends with a NUL, so that three in a row stand between two commits, and nowhere
    # else: no path is empty, and between a merge and its changes there are two.
    "--format=%x00%x00%H%n%P%n%aI%n%an <%ae>",
)
"""What every `git log` is asked with, whose output `read_log` reads."""

_BETWEEN = b"\0\0\0"
_GITLINK = b"160000"


class Change(NamedTuple):
    """One path that changes. `old` holds the blobs before: none for an added path, one per
    differing parent of a merge; `new` is the blob after, None where the path is gone. `moved_from`
    is the path before, where git tells of another one."""

    path: str
    old: tuple[str, ...]
    new: str | None
    moved_from: str = ""


class CommitChanges(NamedTuple):
    """A commit and what it changes; for a merge, what differs from each of its parents.

    `author` is `Name <email>`, `date` when it was written, ISO 8601 with offset (empty where the
    commit does not say it well).
    """

    commit: str
    parents: tuple[str, ...]
    author: str
    date: str
    changes: tuple[Change, ...]


def read_log(
    git: Git,
    chunks: Iterable[bytes],
    wanted: frozenset[bytes] | None = None,
    coverage: Coverage | None = None,
) -> Iterator[CommitChanges]:
    """The commits of a `git log` with LOG_OPTIONS, in its order.

    `wanted`: only commits that touch one of these blobs, and of them only those changes.
    `coverage` gets the submodules that are left out.
    """
    for block in _blocks(chunks):
        for record in block.split(_BETWEEN):
            # In a raw diff each id stands between two blanks; splitting is ten times as fast as a
            # regular expression, and almost every commit is done with here.
            if wanted is not None and wanted.isdisjoint(record.split(b" ")):
                continue
            record = record.strip(b"\0")  # noqa: PLW2901
            if not record:
                continue
            found = _commit(git, record, coverage, wanted)
            if wanted is None or found.changes:
                yield found


def read_changes(fields: Sequence[bytes], coverage: Coverage | None = None) -> Iterator[Change]:
    """The changes of a raw diff, given as its fields between NULs."""
    for words, name, before in read_entries(fields):
        path = os.fsdecode(name)
        # "<mode of each parent> <mode> <id of each parent> <id> <status>"
        half = len(words) // 2
        modes, blobs = words[:half], words[half:-1]
        texts = [
            "" if mode == _GITLINK or not blob.strip(b"0") else blob.decode("ascii")
            for mode, blob in zip(modes, blobs, strict=True)
        ]
        if modes[-1] == _GITLINK and coverage is not None:
            exclude(coverage, path, OWN_REPOSITORY)
        old = tuple(dict.fromkeys(filter(None, texts[:-1])))
        if old or texts[-1]:
            yield Change(path, old, texts[-1] or None, os.fsdecode(before))


def read_entries(fields: Sequence[bytes]) -> Iterator[tuple[list[bytes], bytes, bytes]]:
    """Each entry of a raw diff: its words without the colons, its (new) path, and the one before
    where it moved."""
    position = 0
    while position < len(fields):
        entry = fields[position]
        parents = len(entry) - len(entry.lstrip(b":"))
        words = entry[parents:].split(b" ")
        # A rename or copy names both paths; in a merge the new one only.
        moved = parents == 1 and words[-1][:1] in (b"R", b"C")
        position += 3 if moved else 2
        if parents == 0 or len(words) != 2 * parents + 3 or position > len(fields):
            raise GitError("git gave a diff that cannot be read", "update git: git --version")
        yield words, fields[position - 1], fields[position - 2] if moved else b""


def exclude(coverage: Coverage, path: str, reason: str) -> None:
    """Notes once that a path is left out on purpose."""
    unseen = Unseen(path, reason)
    if unseen not in coverage.excluded:
        coverage.excluded.append(unseen)


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, cut only between commits."""
    rest = bytearray()
    for chunk in chunks:
        start = max(0, len(rest) - len(_BETWEEN))
        rest += chunk
        end = rest.rfind(_BETWEEN, start)
        if end >= 0:
            yield bytes(rest[:end])
            del rest[:end]
    yield bytes(rest)


def _commit(
    git: Git, record: bytes, coverage: Coverage | None, wanted: frozenset[bytes] | None
) -> CommitChanges:
    head, *fields = filter(None, record.split(b"\0"))
    words = head.decode("utf-8", "surrogateescape").split("\n", 3)
    if len(words) != 4 or len(words[0]) != len(git.null_id):
        raise GitError("git gave a log that cannot be read", "update git: git --version")
    commit, parents, date, author = words
    if fields:
        fields[0] = fields[0].removeprefix(b"\n")  # stands there unless it is a merge
    if wanted is not None:
        fields = [*_only(fields, wanted)]
    changes = tuple(read_changes(fields, coverage))
    return CommitChanges(commit, tuple(parents.split()), author, date, changes)


def _only(fields: Sequence[bytes], wanted: frozenset[bytes]) -> Iterator[bytes]:
    """The entries that name one of `wanted`, each with its path; there are no renames."""
    # Not strict: a git that failed may have stopped between the two.
    for entry, path in zip(fields[::2], fields[1::2], strict=False):
        if not wanted.isdisjoint(entry.split(b" ")):
            yield entry
            yield path
