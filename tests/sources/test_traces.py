from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.document import Document, Large
from envguard.core.finding import Coverage
from envguard.sources.git import Git
from envguard.sources.traces import REACH, Place, Trace, beside, in_repository, lines

if TYPE_CHECKING:
    from tests.conftest import Repository

VALUES = (b"first-value-of-all", b"another-value-here")


def find(text: bytes) -> list[tuple[int, int]]:
    found = []
    for number, value in enumerate(VALUES):
        start = text.find(value)
        while start >= 0:
            found.append((number, start + len(value)))
            start = text.find(value, start + 1)
    return sorted(found, key=lambda hit: hit[1])


def traces(git: Git) -> list[Trace]:
    return in_repository(git, find, Coverage())


def of(found: list[Trace], place: Place) -> list[Trace]:
    return [trace for trace in found if trace.place is place]


def test_commits_that_brought_a_value_in_are_named_and_where_they_were_pushed(
    repository: Repository, clone: Callable[..., Path], opened: Callable[..., Git]
) -> None:
    first = repository.commit({"a.py": b"x = '%b'\n" % VALUES[0]}, "one")
    second = repository.commit({"a.py": b"gone\n", "b.py": VALUES[0]}, "two")
    target = clone(repository)
    found = traces(opened(target))
    assert [(t.commit, t.path, t.author) for t in of(found, Place.COMMIT)] == [
        (first, "a.py", "Ada <ada@example.com>"),
        (second, "b.py", "Ada <ada@example.com>"),
    ]
    assert {t.pushed_to for t in of(found, Place.COMMIT)} == {("origin/main",)}
    assert [(t.path, t.line) for t in of(found, Place.FILE)] == [(str(target / "b.py"), 1)]
    assert not of(found, Place.OBJECT)
    assert {t.pushed_to for t in traces(opened(repository.root))} == {()}


def test_the_index_is_compared_with_head(repository: Repository, git: Git) -> None:
    repository.commit({"same": VALUES[0], "changed": b"x"})
    repository.write("changed", VALUES[0])
    repository.write("new", VALUES[1])
    repository.git("add", "--all")
    repository.write("new", b"moved by now")
    found = of(traces(git), Place.INDEX)
    assert {(Path(t.path).name, t.number, t.at_head) for t in found} == {
        ("same", 0, True),
        ("changed", 0, False),
        ("new", 1, None),
    }


def test_before_the_first_commit_the_index_is_looked_at(repository: Repository, git: Git) -> None:
    repository.write(".env", VALUES[0])
    repository.git("add", ".env")
    found = traces(git)
    assert [(t.place, t.at_head) for t in found if t.place is not Place.FILE] == [
        (Place.INDEX, None)
    ]


def test_stashes_reflogs_and_lost_objects_are_told_apart(repository: Repository, git: Git) -> None:
    repository.commit({"a": b"x\n"})
    for number in (0, 1):  # the older one is in the stash's reflog only
        repository.write("a", VALUES[number])
        repository.git("stash", "--quiet")
    lost = repository.commit({"b": VALUES[0]})
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    repository.write("c", VALUES[1] + b" once")
    repository.git("hash-object", "-w", "c")
    (repository.root / "c").unlink()
    found = traces(git)
    assert {t.number for t in of(found, Place.STASH)} == {0, 1}
    assert {t.path for t in of(found, Place.STASH)} == {"a"}
    assert [(t.number, t.commit, t.path) for t in of(found, Place.REFLOG)] == [(0, lost, "b")]
    assert [t.number for t in of(found, Place.OBJECT)] == [1]
    assert not of(found, Place.COMMIT) + of(found, Place.FILE)


def test_untracked_files_of_a_stash_are_found(repository: Repository, git: Git) -> None:
    repository.commit({"a": b"x\n"})
    repository.write("new", VALUES[0])
    repository.git("stash", "--quiet", "--include-untracked")
    assert [t.path for t in of(traces(git), Place.STASH)] == ["new"]


def test_messages_are_looked_at(repository: Repository, git: Git) -> None:
    commit = repository.commit({"a": b"x\n"}, f"use {VALUES[0].decode()}")
    assert [(t.place, t.commit) for t in traces(git)] == [(Place.MESSAGE, commit)]


def test_other_work_trees_are_looked_at_with_their_index_and_their_ignored_env_files(
    repository: Repository, git: Git, tmp_path: Path
) -> None:
    repository.commit({"a": b"x\n", ".gitignore": b".env\n"})
    other = tmp_path / "other tree"
    repository.git("worktree", "add", "--quiet", "--detach", str(other))
    (other / ".env").write_bytes(b"A=1\nB=" + VALUES[0])
    (other / "staged").write_bytes(VALUES[1])
    repository.git("-C", str(other), "add", "staged")
    (other / "staged").unlink()
    repository.write("here", VALUES[1])
    found = traces(git)
    assert {(t.place, t.number, t.path, t.line) for t in found} == {
        (Place.FILE, 0, str(other / ".env"), 2),
        (Place.INDEX, 1, str(other / "staged"), None),
        (Place.FILE, 1, str(git.top / "here"), 1),
    }


def test_a_work_tree_that_is_gone_is_passed_by(
    repository: Repository, git: Git, tmp_path: Path
) -> None:
    repository.commit({"a": VALUES[0]})
    repository.git("worktree", "add", "--quiet", str(tmp_path / "gone"))
    (tmp_path / "gone").rename(tmp_path / "moved")
    assert len(of(traces(git), Place.COMMIT)) == 1


def test_a_bare_repository_has_its_history_only(
    repository: Repository, clone: Callable[..., Path], opened: Callable[..., Git]
) -> None:
    repository.commit({"a": VALUES[0]})
    bare = clone(repository, "--bare", name="bare.git")
    assert [t.place for t in traces(opened(bare, allow_bare=True))] == [Place.COMMIT]


def test_an_empty_repository_has_nothing(git: Git) -> None:
    assert traces(git) == []


@pytest.mark.parametrize(
    ("name", "place"),
    [
        (".env", Place.FILE),
        (".env~", Place.COPY),
        (".env.bak", Place.COPY),
        (".env.bak2", Place.COPY),
        (".env.swp", Place.COPY),
        (".env.swo", Place.COPY),
        ("#.env#", Place.COPY),
        (".env.save", Place.COPY),
        (".env.save.1", Place.COPY),
        (".env.orig", Place.COPY),
        (".env.old", Place.COPY),
        (".env_backup", Place.COPY),
        (".env.un~", Place.COPY),
        (".env.local", Place.FILE),
        (".env.example", Place.FILE),
        ("my.env.production", Place.FILE),
        ("other", None),
    ],
)
def test_copies_beside_a_file_are_known_by_their_names(
    tmp_path: Path, name: str, place: Place | None
) -> None:
    (tmp_path / name).write_bytes(b"\0\n" + VALUES[0] + b"\n")
    (tmp_path / ".env.d").mkdir()
    (tmp_path / ".#.env").symlink_to("ada@host.1234:1")  # how Emacs locks a file
    found = beside(tmp_path / ".env", find, Coverage())
    assert found == ([] if place is None else [Trace(0, place, str(tmp_path / name), 2)])


def test_a_large_content_is_looked_through_in_pieces() -> None:
    text = b"a\n" * REACH + b"\n\nX" + VALUES[0] + b"\n" + b"b\n" * REACH + VALUES[1]
    whole = lines(Document("", text), find)
    assert whole == {0: REACH + 3, 1: 2 * REACH + 4}
    for size in (1000, 4097, 7):
        pieces = (text[start : start + size] for start in range(0, len(text), size))
        assert lines(Large("", pieces), find) == whole
