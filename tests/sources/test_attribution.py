"""Attribution against an oracle that compares whole trees, on real repositories."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.core.document import Document, Large
from envguard.core.finding import Coverage
from envguard.sources.attribution import Event, attribute
from envguard.sources.changes import Change, CommitChanges
from envguard.sources.git import Git
from envguard.sources.history import blobs
from tests.sources.logs import trace

if TYPE_CHECKING:
    from tests.conftest import Repository

PATHS = ["a", "b", "dir/c"]
KEYS = ["K1", "K2", "K3"]

contents = st.frozensets(st.sampled_from(KEYS)).map(lambda keys: " ".join(sorted(keys)) + "\n")
edits = st.dictionaries(st.sampled_from(PATHS), st.none() | contents, min_size=1, max_size=3)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.integers(0, 9), edits),
        st.tuples(st.just("rename"), st.integers(0, 9), st.permutations(PATHS)),
        st.tuples(st.just("revert"), st.integers(0, 9), st.just(None)),
        st.tuples(st.just("merge"), st.integers(0, 9), st.none() | edits),
        st.tuples(st.just("ours"), st.integers(0, 9), st.just(None)),
    ),
    min_size=2,
    max_size=9,
)


class Builder:
    """Makes commits directly from trees, so that any merge can hold anything."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.trees: dict[str, dict[str, str]] = {}
        self.parents: dict[str, tuple[str, ...]] = {}
        self.order: list[str] = []

    def commit(self, tree: dict[str, str], *parents: str) -> None:
        git = self.repository.git
        git("read-tree", "--empty")
        for path, text in tree.items():
            file = self.repository.root.parent / "content"
            file.write_text(text)
            blob = git("hash-object", "-w", str(file))
            git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
        number = str(len(self.order))
        command = ["commit-tree", git("write-tree"), "-m", number]
        for parent in parents:
            command += ["-p", parent]
        made = git(*command)
        git("update-ref", f"refs/heads/b{number}", made)
        self.trees[made], self.parents[made] = dict(tree), parents
        self.order.append(made)

    def build(self, plan: list[tuple[str, int, object]]) -> None:
        self.commit({"a": "K1\n"})
        for kind, where, what in plan:
            parent = self.order[-1 - where % min(len(self.order), 3)]
            tree = dict(self.trees[parent])
            other = self.order[where % len(self.order)]
            if kind == "rename" and isinstance(what, list):
                moved = dict(zip(PATHS, what, strict=True))
                tree = {moved[path]: text for path, text in tree.items()}
            elif kind == "revert":
                tree = dict(self.trees[(self.parents[parent] or (parent,))[0]])
            elif kind in ("merge", "ours") and other != parent:
                if kind == "merge":
                    tree = {**self.trees[other], **tree}
                tree = edited(tree, what)
                self.commit(tree, parent, other)
                continue
            else:
                tree = edited(tree, what)
            self.commit(tree, parent)

    def expected(self) -> set[tuple[str, str, str, str]]:
        """Key, change, commit, path: path by path, the tree of each commit against its parents'.
        A merge answers for the paths that it leaves different from each of its parents."""
        found = set()
        for commit, tree in self.trees.items():
            befores = [self.trees[parent] for parent in self.parents[commit]] or [{}]
            for path in PATHS:
                new, olds = tree.get(path), [before.get(path) for before in befores]
                if new in olds:
                    continue
                now = set((new or "").split())
                was = {key for old in olds for key in (old or "").split()}
                found |= {(key, "introduced", commit, path) for key in now - was}
                found |= {(key, "removed", commit, path) for key in was - now}
        return found


def edited(tree: dict[str, str], what: object) -> dict[str, str]:
    for path, text in (what if isinstance(what, dict) else {}).items():
        if text is None:
            tree.pop(path, None)
        else:
            tree[path] = text
    return tree


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plan=steps, number=st.integers(0, 10**9))
def test_attribution_agrees_with_the_trees_of_every_commit(
    make_repository: Callable[..., Repository],
    opened: Callable[..., Git],
    plan: list[tuple[str, int, object]],
    number: int,
) -> None:
    repository = make_repository(f"r{number}-{abs(hash(str(plan)))}")
    builder = Builder(repository)
    builder.build(plan)
    git = opened(repository.root)
    holds = holding = blobs(git, keys_in, Coverage())
    found = attribute(trace(git, holding), holding)
    events = [
        (key, event.change, event.commit, event.path)
        for key, happened in found.items()
        for event in happened
    ]
    assert len(events) == len(set(events))
    assert set(events) == builder.expected()
    for key, happened in found.items():
        assert all(key in holds[event.blob] for event in happened)
        position = [builder.order.index(event.commit) for event in happened]
        for index, event in enumerate(happened):
            older = {builder.order[place] for place in position[:index]}
            assert not older & descendants(builder, event.commit)


def keys_in(document: Document | Large) -> frozenset[str]:
    assert isinstance(document, Document)
    return frozenset(document.text.decode().split())


def descendants(builder: Builder, commit: str) -> set[str]:
    found = {commit}
    for other in builder.order:
        if found & set(builder.parents[other]):
            found.add(other)
    return found - {commit}


def test_events_say_who_when_and_where_oldest_first() -> None:
    newest = CommitChanges("3", ("2",), "C <c>", "2003", (Change("p", ("y",), None),))
    middle = CommitChanges("2", ("1",), "B <b>", "2002", (Change("p", ("x",), "y"),))
    oldest = CommitChanges("1", (), "A <a>", "2001", (Change("p", (), "x"),))
    holds = {"x": frozenset({1}), "y": frozenset({1, 2})}
    assert attribute([newest, middle, oldest], holds) == {
        1: [
            Event("introduced", "1", "A <a>", "2001", "p", "x"),
            Event("removed", "3", "C <c>", "2003", "p", "y"),
        ],
        2: [
            Event("introduced", "2", "B <b>", "2002", "p", "y"),
            Event("removed", "3", "C <c>", "2003", "p", "y"),
        ],
    }
    assert attribute([], holds) == {}
