"""The whole history: every content of the object store, and who brought it in."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing

from envguard.core.document import LARGE, Document, Large
from envguard.core.finding import Coverage, Unseen
from envguard.sources.door import GitError
from envguard.sources.git import Git
from envguard.sources.listed import Listed, all_objects, kinds
from envguard.sources.stored import At
from envguard.sources.unpack import BLOB, COMMIT, TREE

COMMIT_MESSAGE = "(commit message)"
TAG_MESSAGE = "(tag message)"
STORE = "(history)"
"""The path under which the coverage names what is missing of the history as a whole."""

_NAMED = 20
"""How many missing objects are named one by one, and how many refs that contain a commit."""


def blobs(git: Git, coverage: Coverage) -> Iterator[Document | Large]:
    """Every blob of the object store once, in the order of the packs; also unreachable ones.

    Counts `blobs` and `bytes`. What is known to be missing (a shallow or partial clone, damage)
    is named in `coverage.skipped`. An empty repository gives nothing, and is no error.
    """
    listed = Listed(git)
    left: list[At] = []
    for task in range(listed.tasks):
        for found in listed.read(task):
            if found.text is None:
                left.append((task, found.place))
            elif found.kind == BLOB:
                coverage.blobs += 1
                coverage.bytes += len(found.text)
                (name,) = listed.names([(task, found.place)]).values()
                yield Document("", found.text, blob=name)
    missing = [*listed.missing]
    for _, kind, document in unread(git, listed.names(left).values(), missing, coverage):
        if kind == BLOB:
            yield document
    tell_missing(git, missing, coverage)


def unread(
    git: Git, names: Iterable[str], missing: list[str], coverage: Coverage
) -> Iterator[tuple[str, int, Document | Large]]:
    """The objects that a store left, each with its id and kind: the large ones, which git gives in
    pieces, and those that only git may be able to read. `missing` gets what cannot be read."""
    for kind, name, size in kinds(git, names, missing):
        if kind == TREE:
            continue
        document: Document | Large
        if kind == BLOB and size >= LARGE:
            document = Large("", _pieces(git, name, missing), blob=name)
        else:
            ((_, text),) = git.contents([name])
            if text is None:
                missing.append(name)
                continue
            document = Document("", text, blob=name) if kind == BLOB else message(kind, name, text)
        if kind == BLOB:
            coverage.blobs += 1
            coverage.bytes += size
        yield name, kind, document


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


def messages(git: Git, commits: Iterable[str] | None = None) -> Iterator[Document]:
    """The messages of all commits and annotated tags in the object store, or of `commits` only."""
    names = dict.fromkeys(commits or (), COMMIT)
    if commits is None:
        names = {name: kind for kind, name, _ in all_objects(git, []) if kind != BLOB}
    with closing(git.contents(names)) as found:
        for name, text in found:
            if text is not None:
                yield message(names[name], name, text)


def in_head(git: Git) -> dict[str, list[str]]:
    """Each blob of HEAD with its paths; empty before the first commit."""
    found: dict[str, list[str]] = {}
    if git.resolve("HEAD") is None:
        return found
    for line in git.run("ls-tree", "-r", "-z", "--full-tree", "HEAD").split(b"\0")[:-1]:
        # Mode, type, id, a tab and the path: git-ls-tree(1), OUTPUT FORMAT.
        about, _, path = line.partition(b"\t")
        _, kind, blob = about.split(b" ")
        if kind == b"blob":
            found.setdefault(blob.decode("ascii"), []).append(os.fsdecode(path))
    return found


def refs_containing(
    git: Git, commits: Collection[str], history: Iterable[Sequence[str]] | None = None
) -> dict[str, tuple[str, ...]]:
    """Each commit with the remote branches (`origin/main`) and tags that contain it: branches
    first, the remote's default one before the others; at most 20 names, then `and N more`.

    One walk over the commits, from the oldest to the newest: each passes on to its children
    which of `commits` are behind it, as the bits of a number. `history` gives every commit,
    with its parents behind it, in that order, where they are known.
    """
    wanted = {commit: 1 << position for position, commit in enumerate(dict.fromkeys(commits))}
    tips = _tips(git) if wanted else []
    if not tips:
        return dict.fromkeys(wanted, ())
    behind: dict[str, int] = {}
    shared: dict[int, int] = {}  # equal numbers are kept once
    for commit, *parents in _oldest_first(git) if history is None else history:
        bits = wanted.get(commit, 0)
        for parent in parents:
            bits |= behind.get(parent, 0)
        if bits:
            behind[commit] = shared.setdefault(bits, bits)
    groups: dict[int, _Group] = {}
    for position, (name, tip) in enumerate(tips):
        if bits := behind.get(tip, 0):
            groups.setdefault(bits, _Group()).add(position, name)
    return {
        commit: _names([group for bits, group in groups.items() if bits & bit])
        for commit, bit in wanted.items()
    }


def _oldest_first(git: Git) -> Iterator[Sequence[str]]:
    walk = git.run(
        *("rev-list", "--topo-order", "--reverse", "--parents"),
        *("--remotes", "--tags", "--"),
    )
    for line in walk.decode("ascii").splitlines():
        yield line.split(" ")


class _Group:
    """The refs that contain the same commits: how many, and the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[tuple[int, str]] = []

    def add(self, position: int, name: str) -> None:
        self.count += 1
        if len(self.first) < _NAMED:
            self.first.append((position, name))


def _names(groups: list[_Group]) -> tuple[str, ...]:
    first = sorted(ref for group in groups for ref in group.first)[:_NAMED]
    more = sum(group.count for group in groups) - len(first)
    return (*(name for _, name in first), *([f"and {more} more"] if more else []))


def _tips(git: Git) -> list[tuple[str, str]]:
    """Remote branches and tags by name, with the commit that each points at."""
    output = git.run(
        "for-each-ref",
        "--format=%(refname) %(objectname) %(*objectname) %(symref)",
        "refs/remotes",
        "refs/tags",
    )
    defaults: set[str] = set()
    found: list[tuple[str, str]] = []
    for line in os.fsdecode(output).splitlines():
        name, target, peeled, points_to = line.split(" ")
        if points_to:  # origin/HEAD
            defaults.add(points_to)
        else:
            found.append((name, peeled or target))
    found.sort(key=lambda ref: (ref[0].startswith("refs/tags/"), ref[0] not in defaults, ref[0]))
    return [(name.split("/", 2)[2], commit) for name, commit in found]


def tell_missing(git: Git, missing: Sequence[str], coverage: Coverage) -> None:
    """Names in the coverage what is missing: these objects, and what a shallow or partial clone
    has left with its remote."""
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
