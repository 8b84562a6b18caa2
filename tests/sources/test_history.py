from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.document import Document, Large
from envguard.core.finding import Coverage
from envguard.sources.changes import Change
from envguard.sources.door import GitError
from envguard.sources.git import Git
from envguard.sources.history import (
    COMMIT_MESSAGE,
    TAG_MESSAGE,
    blobs,
    in_head,
    messages,
)
from envguard.sources.log import Log
from envguard.sources.refs import containing
from tests.sources.logs import count, trace

if TYPE_CHECKING:
    from tests.conftest import Repository

Opened = Callable[..., Git]
Clone = Callable[..., Path]


def blob(repository: Repository, text: bytes | str) -> str:
    file = repository.root.parent / "text"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return repository.git("hash-object", "--no-filters", str(file))


def texts(git: Git, coverage: Coverage | None = None) -> dict[str, bytes]:
    counted = coverage if coverage is not None else Coverage()
    documents: list[Document] = []

    def look(document: Document | Large) -> list[Document]:
        assert isinstance(document, Document)
        documents.append(document)
        return [document]

    found = {name: one.text for name, (one,) in blobs(git, look, counted).items()}
    assert len(found) == len(documents) == counted.blobs
    assert {document.path for document in documents} <= {""}
    assert counted.bytes == sum(map(len, found.values()))
    return found


def test_every_content_comes_once_and_counts_are_gits(repository: Repository, git: Git) -> None:
    repository.commit({"a": "1", "b": "1", "c": "2"})
    repository.commit({"a": "3"})
    repository.git("gc", "--quiet")
    repository.commit({"a": "1", "d": b"\xff\0"})
    unreachable = repository.write("loose", "nobody has me")
    repository.git("hash-object", "-w", str(unreachable))
    coverage = Coverage()
    found = texts(git, coverage)
    assert sorted(found.values()) == sorted([b"1", b"2", b"3", b"\xff\0", b"nobody has me"])
    assert all(blob(repository, text) == name for name, text in found.items())
    assert count(git) == int(repository.git("rev-list", "--all", "--count")) == 3
    assert coverage.complete


def test_commits_that_only_a_detached_head_has_are_counted_and_traced(
    repository: Repository, git: Git
) -> None:
    repository.commit({"a": "1"})
    repository.git("checkout", "--quiet", "--detach")
    head = repository.commit({"a": "2"})
    coverage = Coverage()
    texts(git, coverage)
    assert count(git) == 2
    assert [commit.commit for commit in trace(git, [blob(repository, "2")])] == [head]


def test_an_empty_repository_has_nothing_and_is_no_error(repository: Repository, git: Git) -> None:
    coverage = Coverage()
    assert texts(git, coverage) == {}
    assert (count(git), coverage.blobs, coverage.complete) == (0, 0, True)
    assert list(messages(git)) == []
    assert list(trace(git, ["1" * 40])) == []
    assert in_head(git) == {}
    assert containing(git, ["1" * 40])[0] == {"1" * 40: ()}


def test_a_sha256_repository_is_read_like_any_other(
    make_repository: Callable[..., Repository], opened: Opened
) -> None:
    repository = make_repository("long", "--object-format=sha256")
    first = repository.commit({"a": "1"})
    second = repository.commit({"a": "2", "b": "1"})
    repository.git("tag", "v1")
    git = opened(repository.root)
    one = blob(repository, "1")
    assert len(one) == 64
    assert texts(git).keys() == {one, blob(repository, "2")}
    assert [commit.commit for commit in trace(git, [one])] == [second, first]
    assert in_head(git) == {blob(repository, "2"): ["a"], one: ["b"]}
    assert containing(git, [first])[0] == {first: ("v1",)}


def test_a_bare_repository_is_read_like_any_other(
    repository: Repository, opened: Opened, tmp_path: Path
) -> None:
    head = repository.commit({"a": "1"})
    subprocess.run(
        ["git", "clone", "--quiet", "--bare", str(repository.root), str(tmp_path / "bare")],
        check=True,
    )
    git = opened(tmp_path / "bare", allow_bare=True)
    assert texts(git).keys() == {blob(repository, "1")}
    assert [commit.commit for commit in trace(git, texts(git))] == [head]
    assert in_head(git) == {blob(repository, "1"): ["a"]}


def test_a_shallow_clone_is_incomplete(
    repository: Repository, clone: Clone, opened: Opened
) -> None:
    for number in range(3):
        repository.commit({"a": f"{number}"})
    coverage = Coverage()
    shallow = opened(clone(repository, "--depth=1"))
    assert list(texts(shallow, coverage).values()) == [b"2"]
    assert count(shallow) == 1
    (skipped,) = coverage.skipped
    assert "git fetch --unshallow" in skipped.reason


def test_a_partial_clone_says_how_much_is_missing_until_it_is_fetched(
    repository: Repository, clone: Clone, opened: Opened
) -> None:
    for number in range(4):
        repository.commit({"a": f"{number}", "b": "same"})
    place = clone(repository, "--filter=blob:none", "--no-checkout")
    coverage = Coverage()
    assert texts(opened(place), coverage) == {}
    (skipped,) = coverage.skipped
    assert skipped.reason.startswith("5 objects are not in this partial clone")
    command = skipped.reason.partition(": ")[2]
    subprocess.run(command.split(), cwd=place, check=True, capture_output=True)
    after = Coverage()
    assert len(texts(opened(place), after)) == 5
    assert after.complete


def test_trace_needs_no_contents_in_a_partial_clone(
    repository: Repository, clone: Clone, opened: Opened
) -> None:
    first = repository.commit({"a": "1"})
    second = repository.commit({"b": "1"})
    git = opened(clone(repository, "--filter=blob:none", "--no-checkout"))
    found = list(trace(git, {blob(repository, "1")}))
    assert [commit.commit for commit in found] == [second, first]
    treeless = opened(clone(repository, "--filter=tree:0", "--no-checkout", name="treeless"))
    with pytest.raises(GitError) as raised:
        list(trace(treeless, {blob(repository, "1")}))
    assert "--refetch" in raised.value.hint
    coverage = Coverage()
    texts(treeless, coverage)
    assert not coverage.complete


def test_a_damaged_object_is_named_and_the_rest_is_read(repository: Repository, git: Git) -> None:
    content = os.urandom(3_000)
    repository.commit({"a": content, "b": "2", "c": "3"})
    name = blob(repository, content)
    file = repository.root / ".git/objects" / name[:2] / name[2:]
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:1_500])
    coverage = Coverage()
    assert sorted(texts(git, coverage).values()) == [b"2", b"3"]
    assert [(u.path, u.reason.partition(",")[0]) for u in coverage.skipped] == [
        (f"object {name}", "missing or damaged")
    ]
    file.write_bytes(b"")
    emptied = Coverage()
    assert sorted(texts(git, emptied).values()) == [b"2", b"3"]
    assert [unseen.path for unseen in emptied.skipped] == [f"object {name}"]


def test_commits_that_cannot_be_listed_leave_the_contents_readable(
    repository: Repository, git: Git
) -> None:
    first = repository.commit({"a": "1"})
    repository.commit({"a": "2"})
    (repository.root / ".git/objects" / first[:2] / first[2:]).unlink()
    coverage = Coverage()
    assert sorted(texts(git, coverage).values()) == [b"1", b"2"]
    with Log(git) as log:
        assert str(log.finish()).startswith("git log failed")


def test_many_damaged_objects_are_summed_up(repository: Repository, git: Git) -> None:
    repository.commit({f"{number}": f"{number}" for number in range(30)})
    for number in range(25):
        name = blob(repository, f"{number}")
        file = repository.root / ".git/objects" / name[:2] / name[2:]
        file.chmod(0o644)
        file.write_bytes(b"")
    coverage = Coverage()
    assert len(texts(git, coverage)) == 5
    assert len(coverage.skipped) == 21
    assert coverage.skipped[-1].reason.startswith("5 more objects")


def test_alternates_and_linked_worktrees_hold_the_same_contents(
    repository: Repository, opened: Opened, tmp_path: Path
) -> None:
    repository.commit({"a": "1"})
    linked = tmp_path / "linked"
    repository.git("worktree", "add", "--quiet", str(linked))
    shared = tmp_path / "shared"
    subprocess.run(
        ["git", "clone", "--quiet", "--shared", str(repository.root), str(shared)], check=True
    )
    for place in (linked, shared):
        assert list(texts(opened(place)).values()) == [b"1"]
        assert len(list(trace(opened(place), [blob(repository, "1")]))) == 1


def test_replacements_and_grafts_hide_nothing(repository: Repository, git: Git) -> None:
    first = repository.commit({"key": "secret"})
    second = repository.commit({"key": "harmless"})
    third = repository.commit({"other": "x"})
    secret = blob(repository, "secret")
    repository.git("replace", secret, blob(repository, "harmless"))
    repository.git("replace", "--graft", third)
    (repository.root / ".git/info/grafts").write_text(f"{third}\n")
    coverage = Coverage()
    assert texts(git, coverage)[secret] == b"secret"
    assert [commit.commit for commit in trace(git, [secret])] == [second, first]


def test_messages_of_commits_and_tags_are_documents(repository: Repository, git: Git) -> None:
    first = repository.commit({"a": "1"}, "subject\n\nbody line\n")
    repository.git("tag", "-a", "v1", "-m", "about v1")
    repository.git("tag", "-a", "v1-again", "v1", "-m", "a tag of a tag")
    repository.git("tag", "-a", "of-blob", blob(repository, "1"), "-m", "a tag of a blob")
    repository.git("commit", "--quiet", "--amend", "--allow-empty-message", "-m", "")
    second = repository.git("rev-parse", "HEAD")
    found = sorted(messages(git), key=lambda document: document.text)
    assert found == [
        Document(COMMIT_MESSAGE, b"", commit=second),
        Document(TAG_MESSAGE, b"a tag of a blob\n"),
        Document(TAG_MESSAGE, b"a tag of a tag\n"),
        Document(TAG_MESSAGE, b"about v1\n", commit=first),
        Document(COMMIT_MESSAGE, b"subject\n\nbody line\n", commit=first),
    ]
    assert [document.commit for document in messages(git, [first])] == [first]


def test_trace_gives_the_commits_that_touch_a_content_and_only_those_changes(
    repository: Repository, git: Git
) -> None:
    first = repository.commit({"a": "key", "b": "other"})
    repository.commit({"b": "more"})
    moved = repository.commit({"a": None, "c": "key", "b": "even more"})
    gone = repository.commit({"c": "clean"})
    key = blob(repository, "key")
    found = list(trace(git, {key: None}))
    assert [(commit.commit, commit.changes) for commit in found] == [
        (gone, (Change("c", (key,), blob(repository, "clean")),)),
        (moved, (Change("a", (key,), None), Change("c", (), key))),
        (first, (Change("a", (), key),)),
    ]
    assert found[1].parents != ()
    assert found[2].parents == ()
    assert list(trace(git, [])) == []


def test_trace_sees_what_a_merge_itself_brings(repository: Repository, git: Git) -> None:
    repository.commit({"f": "base\n"})
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit({"f": "side\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"f": "main\n"})
    repository.git("merge", "--quiet", "side", check=False)
    merge = repository.commit({"f": "evil\n", "new": "evil too\n"})
    evil, too = blob(repository, "evil\n"), blob(repository, "evil too\n")
    sides = (blob(repository, "main\n"), blob(repository, "side\n"))
    (found,) = trace(git, [evil, too])
    assert found.commit == merge
    assert len(found.parents) == 2
    assert found.changes == (Change("f", sides, evil), Change("new", (), too))
    assert merge in [commit.commit for commit in trace(git, [sides[1]])]


def test_awkward_names_authors_and_dates_come_as_they_are(
    repository: Repository, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [b"\n", b"\n:100644", b'"q"', b"\xff\xfe", "ü".encode(), b":" + b"1" * 40]
    for name in names:
        Path(os.fsdecode(os.path.join(os.fsencode(repository.root), name))).write_bytes(b"key")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Zoë \x1b[31m")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2021-03-04T05:06:07-0830")
    repository.commit()
    (found,) = trace(git, [blob(repository, "key")])
    assert {os.fsencode(change.path) for change in found.changes} == set(names)
    assert found.author == "Zoë \x1b[31m <ada@example.com>"
    assert found.date == "2021-03-04T05:06:07-08:30"
    assert {os.fsencode(path) for path in in_head(git)[blob(repository, "key")]} == set(names)


def test_submodules_are_no_contents(
    make_repository: Callable[..., Repository], opened: Opened
) -> None:
    outer, module = make_repository("outer"), make_repository("module")
    inner = module.commit({"m": "m"})
    outer.git("update-index", "--add", "--cacheinfo", f"160000,{inner},sub")
    outer.git("commit", "--quiet", "-m", "sub")
    git = opened(outer.root)
    assert in_head(git) == {}
    assert list(trace(git, [inner])) == []


def test_a_commit_is_contained_in_the_refs_that_reach_it(
    repository: Repository, clone: Clone, opened: Opened
) -> None:
    base = repository.commit({"a": "1"})
    repository.git("tag", "v1")
    repository.git("tag", "-a", "v1-annotated", "-m", "x")
    repository.git("checkout", "--quiet", "-b", "alpha/side")
    side = repository.commit({"a": "2"})
    repository.git("checkout", "--quiet", "main")
    main = repository.commit({"b": "1"})
    place = clone(repository)
    (place / "new").write_text("n")
    local = ["git", "-C", str(place)]
    subprocess.run([*local, "add", "new"], check=True)
    subprocess.run([*local, "commit", "--quiet", "-m", "not pushed"], check=True)
    unpushed = subprocess.run(
        [*local, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    assert containing(opened(place), [base, side, main, unpushed, "1" * 40])[0] == {
        base: ("origin/main", "origin/alpha/side", "v1", "v1-annotated"),
        side: ("origin/alpha/side",),
        main: ("origin/main",),
        unpushed: (),
        "1" * 40: (),
    }
    assert containing(opened(place), [])[0] == {}


def test_containing_refs_are_those_that_git_names(repository: Repository, git: Git) -> None:
    """Against `git for-each-ref --contains`, in a history with merges."""
    commits = [repository.commit({"f": "0"})]
    for number in range(1, 25):
        start = commits[(number * 7) % len(commits)]
        repository.git("checkout", "--quiet", "--detach", start)
        if number % 4 == 0:
            repository.git("merge", "--quiet", "-s", "ours", "-m", "m", commits[-1])
            commits.append(repository.git("rev-parse", "HEAD"))
        else:
            commits.append(repository.commit({f"f{number}": f"{number}"}))
        if number % 2:
            kind = "refs/tags/t" if number % 3 else "refs/remotes/origin/b"
            repository.git("update-ref", f"{kind}{number:02}", commits[-1])
    found, _ = containing(git, commits)
    for commit in commits:
        told = repository.git(
            *("for-each-ref", "--format=%(refname)", f"--contains={commit}"),
            *("refs/remotes", "refs/tags"),
        ).split()
        assert list(found[commit]) == [name.split("/", 2)[2] for name in told]


def test_thousands_of_refs_are_capped(repository: Repository, git: Git) -> None:
    first = repository.commit({"a": "1"})
    second = repository.commit({"a": "2"})
    lines = [f"create refs/tags/t{number:04} {first}\n" for number in range(1_000)]
    lines += [f"create refs/tags/u{number:04} {second}\n" for number in range(1_000)]
    subprocess.run(
        ["git", "update-ref", "--stdin"],
        cwd=repository.root,
        input="".join(lines).encode(),
        check=True,
    )
    found, _ = containing(git, [first, second])
    assert found[first] == (*(f"t{number:04}" for number in range(20)), "and 1980 more")
    assert found[second] == (*(f"u{number:04}" for number in range(20)), "and 980 more")


def test_a_scan_that_is_left_early_leaves_no_process(repository: Repository, git: Git) -> None:
    repository.commit({f"{number}": os.urandom(200_000) for number in range(20)})

    def leave(document: object) -> object:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        blobs(git, leave, Coverage())
    with Log(git):
        pass
