"""Refs: what each of them names, and which of them contain a commit."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from envguard.sources.git import Git

_NAMED = 20
"""How many refs that contain a commit are named one by one."""

_NEWEST = 2000  # commits

# Name, kind and id of what it points at, the same of what a tag points at, and for a symbolic
# ref the name of the other one: git-for-each-ref(1), FIELD NAMES.
_FORMAT = "%(refname) %(objecttype) %(objectname) %(*objecttype) %(*objectname) %(symref)"
_REMOTE, _TAG = "refs/remotes/", "refs/tags/"


class Ref(NamedTuple):
    """A ref by its full name, with what it names in the end, behind all tags: `kind` is commit,
    tree or blob. `points_to` is another ref, for one that is symbolic (`origin/HEAD`)."""

    name: str
    kind: str
    target: str
    points_to: str

    @property
    def is_shared(self) -> bool:
        """Whether others have it, as far as we know: a remote's branch, or a tag."""
        return self.name.startswith((_REMOTE, _TAG))

    @property
    def short(self) -> str:
        """`origin/main` for a branch of a remote, `v1` for a tag."""
        return self.name.split("/", 2)[-1]


class Behind(NamedTuple):
    """Which of the commits `wanted` are behind some others, as the bits of a number: they reach
    them, or are them."""

    wanted: tuple[str, ...]
    bits: Mapping[str, int]

    def newest(self, others: Iterable[str]) -> Behind:
        """For the newest commits and these others only: what new ones are likely to build on."""
        parts = {*[*self.bits][-_NEWEST:], *others}
        return Behind(self.wanted, {c: found for c, found in self.bits.items() if c in parts})


def refs(git: Git) -> list[Ref]:
    """All refs, by name. Raises GitError."""
    found: list[Ref] = []
    tags_of_tags: list[str] = []
    # Not splitlines: a name may hold what Unicode takes for the end of a line.
    lines = os.fsdecode(git.run("for-each-ref", f"--format={_FORMAT}")).split("\n")
    for line in filter(None, lines):
        name, kind, target, peeled_kind, peeled, points_to = line.split(" ")
        if peeled_kind == "tag":  # git looks behind one tag only
            tags_of_tags.append(name)
        else:
            found.append(Ref(name, peeled_kind or kind, peeled or target, points_to))
    if tags_of_tags:
        feed = os.fsencode("".join([f"{name}^{{}}\n" for name in tags_of_tags]))
        told = git.stream(
            "cat-file", "--batch-check=%(objecttype) %(objectname)", "--buffer", feed=[feed]
        )
        lines = b"".join(told).decode("ascii", "replace").splitlines()
        for name, line in zip(tags_of_tags, lines, strict=True):
            kind, _, target = line.partition(" ")
            found.append(Ref(name, kind, target, ""))
    return sorted(found)


def containing(
    git: Git,
    commits: Collection[str],
    every_ref: Iterable[Ref] | None = None,
    new: Sequence[Sequence[str]] | None = None,
    past: Behind | None = None,
) -> tuple[dict[str, tuple[str, ...]], Behind]:
    """Each commit with the remote branches (`origin/main`) and tags that contain it: branches
    first, the remote's default one before the others; at most 20 names, then `and N more`.

    `new` are commits, each with its parents behind it, the oldest first: all that a ref reaches,
    or those since `past`, which came of an earlier call; it saves to ask git. The second answer
    is what the next call may take as `past`.
    """
    tips = _tips(refs(git) if every_ref is None else every_ref) if commits else []
    behind = None if new is None else _walked(commits, new, past, tips)
    if behind is None and (tips or new is not None):
        # Where the answer is to be of use later, what only local branches reach counts, too.
        reach = ("--remotes", "--tags") if new is None else ("--all",)
        behind = _walked(commits, _oldest_first(git, *reach), None, ())
    if behind is None or not tips:
        return dict.fromkeys(commits, ()), behind or Behind((), {})
    groups: dict[int, _Group] = {}
    for position, (name, tip) in enumerate(tips):
        if bits := behind.bits.get(tip):
            groups.setdefault(bits, _Group()).add(position, name)
    wanted = {commit: 1 << place for place, commit in enumerate(behind.wanted)}
    return {
        commit: _names([group for bits, group in groups.items() if bits & wanted[commit]])
        for commit in commits
    }, behind


def _walked(
    commits: Collection[str],
    history: Iterable[Sequence[str]],
    past: Behind | None,
    tips: Iterable[tuple[str, str]],
) -> Behind | None:
    """One walk over commits, from the oldest to the newest: each passes on to its children which
    of `commits` are behind it. None where `past` does not know enough of those before."""
    wanted = dict.fromkeys((*(past.wanted if past else ()), *commits))
    bits = dict(past.bits) if past else {}
    if past is not None:
        history = list(history)
        new = {commit for commit, *_ in history}
        if not new.issuperset([commit for commit in commits if commit not in past.wanted]):
            return None
        before = {parent for _, *parents in history for parent in parents}
        before.update(tip for _, tip in tips)
        # Where nothing was wanted nothing is behind those that are not named.
        if past.wanted and not before <= new | bits.keys():
            return None
    number = {commit: 1 << place for place, commit in enumerate(wanted)}
    shared: dict[int, int] = {}  # equal numbers are kept once
    for commit, *parents in history:
        found = number.get(commit, 0)
        for parent in parents:
            found |= bits.get(parent, 0)
        bits[commit] = shared.setdefault(found, found)
    return Behind(tuple(wanted), bits)


def _oldest_first(git: Git, *reach: str) -> Iterator[Sequence[str]]:
    walk = git.run("rev-list", "--topo-order", "--reverse", "--parents", *reach, "--")
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


def _tips(every_ref: Iterable[Ref]) -> list[tuple[str, str]]:
    """Remote branches and tags by their short names, with the commit that each points at."""
    shared = [ref for ref in every_ref if ref.is_shared]
    defaults = {ref.points_to for ref in shared}
    named = [ref for ref in shared if not ref.points_to and ref.kind == "commit"]
    named.sort(key=lambda ref: (ref.name.startswith(_TAG), ref.name not in defaults, ref.name))
    return [(ref.short, ref.target) for ref in named]
