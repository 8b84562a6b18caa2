"""The whole history: every content of the object store, and who brought it in."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import TypeVar

from envguard.core.document import LARGE, Document, Large
from envguard.core.finding import Coverage, Unseen
from envguard.sources.door import GitError
from envguard.sources.git import Git
from envguard.sources.listed import all_objects, kinds
from envguard.sources.object_files import open_store
from envguard.sources.refs import Ref
from envguard.sources.stored import BLOB, COMMIT, TREE, At

Found = TypeVar("Found")

COMMIT_MESSAGE = "(commit message)"
TAG_MESSAGE = "(tag message)"
STORE = "(history)"
"""The path under which the coverage names what is missing of the history as a whole."""

_NAMED = 20
"""How many missing objects are named one by one."""


def blobs(
    git: Git, look: Callable[[Document | Large], Found], coverage: Coverage
) -> dict[str, Found]:
    """What `look` finds in each blob of the object store, by its id; also in unreachable ones. The
    blobs come in the order of the packs, and those in which it finds nothing are left out.

    Counts `blobs` and `bytes`. What is known to be missing (a shallow or partial clone, damage)
    is named in `coverage.skipped`. An empty repository gives nothing, and is no error.
    """
    store = open_store(git)
    left: list[At] = []
    places: dict[At, Found] = {}
    for task in range(store.tasks):
        with closing(store.read(task)) as objects:
            for stored in objects:
                if stored.text is None:
                    left.append((task, stored.place))
                elif stored.kind == BLOB:
                    coverage.blobs += 1
                    coverage.bytes += len(stored.text)
                    if seen := look(Document("", stored.text)):
                        places[task, stored.place] = seen
    names = store.names({*places, *left})
    found = {names[at]: seen for at, seen in places.items()}
    missing = [*store.missing]
    for name, kind, document in unread(git, [names[at] for at in left], missing, coverage):
        if kind == BLOB and (seen := look(document)):
            found[name] = seen
    tell_missing(git, missing, store.damaged, coverage)
    return found


def unread(
    git: Git, names: Iterable[str], missing: list[str], coverage: Coverage
) -> Iterator[tuple[str, int, Document | Large]]:
    """The objects that a store left, each with its id and kind: the large ones, which git gives in
    pieces, and those that only git may be able to read. `missing` gets what cannot be read."""
    small: dict[str, int] = {}
    for kind, name, size in [*kinds(git, names, missing)]:
        if kind == BLOB and size >= LARGE:
            coverage.blobs += 1
            coverage.bytes += size
            yield name, kind, Large("", _pieces(git, name, missing), blob=name)
        elif kind != TREE:
            small[name] = kind
    with closing(git.contents(small)) as texts:
        for name, text in texts:
            kind = small[name]
            if text is None:
                missing.append(name)
            elif kind == BLOB:
                coverage.blobs += 1
                coverage.bytes += len(text)
                yield name, kind, Document("", text, blob=name)
            else:
                yield name, kind, message(kind, name, text)


def _pieces(git: Git, name: str, missing: list[str]) -> Iterator[bytes]:
    try:
        with closing(git.stream("cat-file", "blob", name)) as pieces:
            yield from pieces
    except GitError:
        missing.append(name)


def message(kind: int, name: str, text: bytes) -> Document:
    """The message of a commit or an annotated tag, given with its id.

    `commit` is the commit, or what the tag points at. Lines count from the message's first.
    """
    # Header lines, an empty one, the message.
    header, _, message = text.partition(b"\n\n")
    if kind == COMMIT:
        return Document(COMMIT_MESSAGE, message, commit=name)
    target = re.match(rb"object ([0-9a-f]+)\ntype commit\n", header)
    return Document(TAG_MESSAGE, message, commit=target[1].decode("ascii") if target else None)


def messages(git: Git, only: Iterable[str] | None = None, kind: int = COMMIT) -> Iterator[Document]:
    """The messages of all commits and annotated tags in the object store, or of `only` these
    objects, which are of one kind."""
    names = dict.fromkeys(only or (), kind)
    if only is None:
        names = {name: kind for kind, name, _ in all_objects(git, []) if kind != BLOB}
    with closing(git.contents(names)) as found:
        for name, text in found:
            if text is not None:
                yield message(names[name], name, text)


def in_head(git: Git) -> dict[str, list[str]]:
    """Each blob of HEAD with its paths; empty before the first commit."""
    found: dict[str, list[str]] = {}
    try:
        for path, blob in _files(git, "HEAD"):
            found.setdefault(blob, []).append(path)
    except GitError:
        if git.resolve("HEAD") is not None:
            raise
    return found


def _files(git: Git, tree: str) -> Iterator[tuple[str, str]]:
    """The path and the blob of each file in a tree, or in that of a commit."""
    for line in git.run("ls-tree", "-r", "-z", "--full-tree", tree).split(b"\0")[:-1]:
        # Mode, type, id, a tab and the path: git-ls-tree(1), OUTPUT FORMAT.
        about, _, path = line.partition(b"\t")
        _, kind, blob = about.split(b" ")
        if kind == b"blob":
            yield os.fsdecode(path), blob.decode("ascii")


def named_by_refs(git: Git, refs: Iterable[Ref]) -> Iterator[tuple[Ref, str, str]]:
    """What refs name that are no commits: each ref with the path and the id of a blob. Raises
    GitError."""
    for ref in refs:
        if ref.kind == "blob":
            kind = "tag" if ref.name.startswith("refs/tags/") else "ref"
            yield ref, f"({kind} {ref.short})", ref.target
        elif ref.kind == "tree":
            for path, blob in _files(git, ref.target):
                yield ref, path, blob


def tell_missing(
    git: Git, missing: Sequence[str], damaged: Iterable[str], coverage: Coverage
) -> None:
    """Names in the coverage what is missing: these objects, what damaged files may hide, and what
    a shallow or partial clone has left with its remote."""
    for reason in damaged:
        coverage.skipped.append(Unseen(STORE, f"{reason}, look at: git fsck"))
    for name in missing[:_NAMED]:
        reason = "missing or damaged, look at: git fsck"
        coverage.skipped.append(Unseen(f"object {name}", reason))
    if len(missing) > _NAMED:
        reason = f"{len(missing) - _NAMED} more objects are missing or damaged"
        coverage.skipped.append(Unseen(STORE, reason))
    _tell_absent(git, coverage)


def _tell_absent(git: Git, coverage: Coverage) -> None:
    """Names what a shallow or partial clone has left with its remote."""
    if git.shallow:
        reason = "history before the shallow boundary is not here: git fetch --unshallow"
        coverage.skipped.append(Unseen(STORE, reason))
    if not git.partial:
        return
    absent = 0
    try:
        listing = git.stream("rev-list", "--objects", "--all", "--missing=print")
        last = b"\n"
        with closing(listing):
            for chunk in listing:
                absent += (last + chunk).count(b"\n?")
                last = chunk[-1:]
    except GitError as error:
        coverage.skipped.append(Unseen(STORE, error.what))
    if absent:
        reason = f"{absent} objects are not in this partial clone: git fetch --refetch --no-filter"
        coverage.skipped.append(Unseen(STORE, reason))
