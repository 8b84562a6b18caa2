"""Where values stand that were moved out of their file: in git, and in files around it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from envguard.core.document import Document, Large
from envguard.core.finding import Coverage, Unseen
from envguard.sources import git as git_door
from envguard.sources import history, index, reading
from envguard.sources.attribution import attribute
from envguard.sources.changes import LOG_OPTIONS, CommitChanges, read_log
from envguard.sources.door import GitError
from envguard.sources.git import Git
from envguard.sources.globs import Globs
from envguard.sources.refs import containing
from envguard.sources.worktree import Worktree

Find = Callable[[bytes], Iterable[tuple[int, int]]]
"""What of the values a text holds: the number of each, and the byte where it ends, in order."""

REACH = 4096
"""Bytes that a match may take up, at most; large files are looked through in pieces."""

# What a copy's name adds to the file's: vim's swap files and backups (`:help swap-file`), nano's
# `.save`, Emacs's `#NAME#` and `NAME~`, patch's and merge tools' `.orig`, people's `.bak`.
_COPY = re.compile(r"~|#+|\.sw[a-z]|\.un~|[._-]?(?:bak|backup|old|orig|save|copy|tmp)[.\d~]*")

_STASH = "refs/stash"


class Place(Enum):
    """What holds a value."""

    INDEX = "index"
    COMMIT = "commit"  # that a branch or tag reaches
    STASH = "stash"
    REFLOG = "reflog"  # a commit that only a reflog remembers
    MESSAGE = "message"  # of a commit or tag
    OBJECT = "object"  # in the object store; no commit and no index names it
    FILE = "file"  # in a work tree, this one or another
    COPY = "copy"  # beside the file, as editors and people leave them


class Trace(NamedTuple):
    """One place where a value stands; `number` says which value.

    `path` is absolute for INDEX, FILE and COPY, for commits relative to the top. `line` counts
    from 1, and is None where the place is no file. A commit is the one that brought the value to
    that path, `pushed_to` the remote branches and tags that hold it. `at_head` says of an INDEX
    whether HEAD has the same content at that path; None: HEAD has no such path.
    """

    number: int
    place: Place
    path: str
    line: int | None = None
    commit: str | None = None
    author: str | None = None
    date: str | None = None
    pushed_to: tuple[str, ...] = ()
    at_head: bool | None = None


_Holds = Mapping[str, Iterable[int]]
"""Blob -> the numbers of the values that it holds."""


def in_repository(git: Git, find: Find, coverage: Coverage) -> list[Trace]:
    """Every place in a repository: the object store, read once, then who brought it there; the
    index and the files of each of its work trees. `coverage` counts, and names what could not
    be read."""
    holds = history.blobs(git, lambda document: [*lines(document, find)], coverage)
    traces: list[Trace] = []
    named: set[str] = set()
    for tree in (git, *_other_work_trees(git, coverage)):
        for blob, trace in _in_index(tree, holds):
            named.add(blob)
            traces.append(trace)
        traces += _in_files(tree, find, coverage)
    traces += _in_commits(git, holds, find, named)
    unnamed = dict.fromkeys(n for blob in holds.keys() - named for n in holds[blob])
    return [*traces, *(Trace(number, Place.OBJECT, "") for number in sorted(unnamed))]


def beside(file: Path, find: Find, coverage: Coverage) -> list[Trace]:
    """The file itself and what stands beside it under a name that holds its own: copies as
    editors and people leave them (`.env~`, `.env.bak`), and other files (`.env.local`)."""
    traces: list[Trace] = []
    for other in sorted(file.parent.iterdir()):
        if file.name in other.name and not other.is_dir():
            rest = other.name.replace(file.name, "", 1).lower()
            place = Place.COPY if _COPY.fullmatch(rest) else Place.FILE
            traces += _in_file(str(other), place, find, coverage)
    return traces


def lines(document: Document | Large, find: Find) -> dict[int, int]:
    """The number of each value that a document holds, with the line where it first ends."""
    if isinstance(document, Document):
        return _lines(document.text, 1, find)
    found: dict[int, int] = {}
    tail, line = b"", 1
    for piece in document.pieces:
        text = tail + piece
        found = _lines(text, line, find) | found
        cut = max(0, len(text) - REACH)
        line += text.count(b"\n", 0, cut)
        tail = text[cut:]
    return found


def _lines(text: bytes, line: int, find: Find) -> dict[int, int]:
    """The same for a text whose first line is `line`."""
    ends: dict[int, int] = {}
    for number, end in find(text):
        ends.setdefault(number, end)
    return {number: line + text.count(b"\n", 0, end - 1) for number, end in ends.items()}


def _other_work_trees(git: Git, coverage: Coverage) -> Iterator[Git]:
    if git.bare:
        return
    listed = os.fsdecode(git.run("worktree", "list", "--porcelain"))
    for line in listed.split("\n"):
        top = Path(line.removeprefix("worktree "))
        if not line.startswith("worktree ") or top == git.top or not top.is_dir():
            continue
        try:
            other = git_door.find(top)
        except GitError as error:
            coverage.skipped.append(Unseen(str(top), error.what))
            continue
        if other is not None and other.top == top:
            yield other


def _in_index(git: Git, holds: _Holds) -> Iterator[tuple[str, Trace]]:
    if git.bare or not holds:
        return
    heads = {path: blob for blob, paths in history.in_head(git).items() for path in paths}
    for change in index.tracked(git):
        blob = change.new or ""
        for number in holds.get(blob, ()):
            there = heads.get(change.path)
            path = str(git.top / change.path)
            at_head = None if there is None else there == blob
            yield blob, Trace(number, Place.INDEX, path, at_head=at_head)


def _in_files(git: Git, find: Find, coverage: Coverage) -> Iterator[Trace]:
    """What stands in the files of a work tree: those that git tracks or does not ignore, and the
    .env files that it ignores."""
    if git.bare:
        return
    tree = Worktree(git, git.top, (), exclude=Globs(()), ignored=False, coverage=coverage)
    found = [place for place, _ in (*tree.tracked(), *tree.untracked())]
    found += [str(git.top / name) for name in tree.ignored_env_files()]
    for place in dict.fromkeys(found):
        yield from _in_file(place, Place.FILE, find, coverage)


def _in_file(path: str, place: Place, find: Find, coverage: Coverage) -> Iterator[Trace]:
    document = reading.read((path, path), coverage)
    if document is not None:
        for number, line in lines(document, find).items():
            yield Trace(number, place, path, line)


def _in_commits(git: Git, holds: _Holds, find: Find, named: set[str]) -> list[Trace]:
    """The commits that brought a value in, with the messages that hold one; `named` gets the
    blobs that any of them has."""
    wanted = {blob: frozenset(numbers) for blob, numbers in holds.items()}
    commits = _commits(git, wanted)
    for commit in commits:
        for change in commit.changes:
            named.update((*change.old, change.new or ""))
    found = [
        Trace(number, Place.COMMIT, e.path, None, e.commit, e.author, e.date)
        for number, events in attribute(commits, wanted).items()
        for e in events
        if e.change == "introduced"
    ]
    for document in history.messages(git):
        for number in lines(document, find):
            found.append(Trace(number, Place.MESSAGE, document.path, None, document.commit))
    ids = {trace.commit for trace in found if trace.commit is not None}
    places = _places(git, ids)
    pushed, _ = containing(git, ids)
    return [
        trace._replace(
            place=places.get(trace.commit or "", trace.place)
            if trace.place is Place.COMMIT
            else trace.place,
            pushed_to=pushed.get(trace.commit or "", ()),
        )
        for trace in found
    ]


def _commits(git: Git, wanted: Mapping[str, frozenset[int]]) -> list[CommitChanges]:
    """The commits of all refs and reflogs that touch one of the blobs, newest first."""
    if not wanted:
        return []
    log = git.stream("log", "--all", "--reflog", "--topo-order", *LOG_OPTIONS, "--no-renames", "--")
    with closing(log):
        return list(read_log(git, log, frozenset(blob.encode("ascii") for blob in wanted)))


def _places(git: Git, commits: set[str]) -> dict[str, Place]:
    """Those of the commits that no branch or tag reaches: they are a stash's, or a reflog's."""
    if not commits:
        return {}
    reached = git.run("rev-list", f"--exclude={_STASH}", "--all").decode("ascii").split()
    lost = commits.difference(reached)
    if not lost:
        return {}
    stashes: set[str] = set()
    if git.resolve(_STASH) is not None:
        entries = git.run("rev-list", "--walk-reflogs", _STASH).decode("ascii").split()
        stashes.update(git.run("rev-list", *entries, "--").decode("ascii").split())
    return {commit: Place.STASH if commit in stashes else Place.REFLOG for commit in lost}
