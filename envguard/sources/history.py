"""The whole history: every content of the object store, and who brought it in."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import closing

from envguard.core.document import Document
from envguard.core.finding import Coverage, Unseen
from envguard.sources.changes import LOG_OPTIONS, CommitChanges, read_log
from envguard.sources.door import GitError, failure
from envguard.sources.git import Git

COMMIT_MESSAGE = "(commit message)"
TAG_MESSAGE = "(tag message)"
STORE = "(history)"
"""The path under which the coverage names what is missing of the history as a whole."""

_NAMED = 20
"""How many missing objects are named one by one, and how many refs that contain a commit."""


def blobs(git: Git, coverage: Coverage) -> Iterator[Document]:
    """Every blob of the object store once, in the order of the packs; also unreachable ones.

    Counts `blobs` and `bytes`, and `commits` as `git rev-list --all --count` does. What is
    known to be missing (a shallow or partial clone, damage) is named in `coverage.skipped`. An
    empty repository gives nothing, and is no error.
    """
    counting = git.start("rev-list", "--all", "--count")
    missing: list[str] = []
    try:
        with (
            closing(_objects(git, b"blob", missing)) as names,
            closing(git.contents(names)) as found,
        ):
            for name, text in found:
                if text is None:
                    missing.append(name)
                    continue
                coverage.blobs += 1
                coverage.bytes += len(text)
                yield Document("", text, blob=name)
        count = counting.output.read()
    except BaseException:
        counting.kill()
        raise
    code, complaint = counting.finish()
    if code == 0:
        coverage.commits += int(count)
    else:
        error = failure("rev-list", complaint, git.top)
        coverage.skipped.append(Unseen(STORE, f"the commits cannot be counted: {error.what}"))
    _tell_missing(coverage, missing)
    _tell_absent(git, coverage)


def messages(git: Git, commits: Iterable[str] | None = None) -> Iterator[Document]:
    """The messages of all commits and annotated tags in the object store, or of `commits` only.

    `commit` is the commit, or what the tag points at. Lines count from the message's first.
    """
    if commits is None:
        with closing(_objects(git, b"commit|tag", [])) as names:
            yield from _messages(git, names)
    else:
        yield from _messages(git, commits)


def trace(git: Git, blobs: Collection[str]) -> Iterator[CommitChanges]:
    """The commits of all refs that bring in or take away one of `blobs`, newest first, each with
    these changes only. Without rename detection: a moved file goes at one path, comes at another.
    """
    if not blobs:
        return
    wanted = frozenset(blob.encode("ascii") for blob in blobs)
    log = git.stream("log", "--all", "--topo-order", *LOG_OPTIONS, "--no-renames", "--")
    with closing(log):
        yield from read_log(git, log, wanted)


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


def refs_containing(git: Git, commits: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Each commit with the remote branches (`origin/main`) and tags that contain it: branches
    first, the remote's default one before the others; at most 20 names, then `and N more`.

    One walk over the commits, from the oldest to the newest: each passes on to its children
    which of `commits` are behind it, as the bits of a number.
    """
    wanted = {commit: 1 << position for position, commit in enumerate(dict.fromkeys(commits))}
    tips = _tips(git) if wanted else []
    if not tips:
        return dict.fromkeys(wanted, ())
    behind: dict[str, int] = {}
    shared: dict[int, int] = {}  # equal numbers are kept once
    walk = git.run(
        *("rev-list", "--topo-order", "--reverse", "--parents"),
        *("--remotes", "--tags", "--"),
    )
    for line in walk.decode("ascii").splitlines():
        commit, *parents = line.split(" ")
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


def _objects(git: Git, kinds: bytes, missing: list[str]) -> Generator[str, None, None]:
    """The ids of all objects of these kinds, in the order of the packs. `missing` gets those
    that an index names and nothing holds."""
    find = re.compile(b"^(?:" + kinds + rb") ([0-9a-f]+)$", re.MULTILINE).findall
    find_missing = re.compile(rb"^([0-9a-f]+) missing$", re.MULTILINE).findall
    listing = git.stream(
        *("cat-file", "--batch-all-objects", "--unordered"),
        "--batch-check=%(objecttype) %(objectname)",
    )
    rest = b""
    with closing(listing):
        for chunk in listing:
            block, end, rest = (rest + chunk).rpartition(b"\n")
            for name in find(block):
                yield name.decode("ascii")
            if b" missing" in block:
                missing += [name.decode("ascii") for name in find_missing(block + end)]


def _messages(git: Git, names: Iterable[str]) -> Iterator[Document]:
    with closing(git.contents(names)) as found:
        for name, text in found:
            if text is None:
                continue
            # Header lines, an empty one, the message. A commit begins with its tree.
            header, _, message = text.partition(b"\n\n")
            if header.startswith(b"tree "):
                yield Document(COMMIT_MESSAGE, message, commit=name)
            else:
                target = re.match(rb"object ([0-9a-f]+)\ntype commit\n", header)
                commit = target[1].decode("ascii") if target else None
                yield Document(TAG_MESSAGE, message, commit=commit)


def _tell_missing(coverage: Coverage, missing: list[str]) -> None:
    for name in missing[:_NAMED]:
        reason = "missing or damaged, look at: git fsck"
        coverage.skipped.append(Unseen(f"object {name}", reason))
    if len(missing) > _NAMED:
        reason = f"{len(missing) - _NAMED} more objects are missing or damaged"
        coverage.skipped.append(Unseen(STORE, reason))


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
