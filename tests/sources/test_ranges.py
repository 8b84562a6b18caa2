from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.errors import ExitCode, UsageError
from envguard.core.finding import Coverage
from envguard.sources.git import Git
from envguard.sources.ranges import between, changes, choose, parse, since

if TYPE_CHECKING:
    from tests.conftest import Repository

Opened = Callable[..., Git]
Clone = Callable[..., Path]


@pytest.fixture
def line(repository: Repository) -> list[str]:
    """Six commits in a row."""
    return [repository.commit({"a": f"{number}\n"}) for number in range(6)]


def test_both_sides_are_resolved_and_an_empty_one_is_head(
    git: Git, line: list[str], repository: Repository
) -> None:
    repository.git("tag", "start", line[1])
    assert parse(git, f"start..{line[3]}") == between(line[1], line[3])
    assert parse(git, "start..") == between(line[1], line[5])
    assert parse(git, f"..{line[2]}") == between(line[5], line[2])
    assert since(git, "start") == between(line[1], line[5])
    assert choose(git, "HEAD~1..HEAD", None) == choose(git, None, "HEAD~1")


def test_three_dots_begin_where_both_parted(
    git: Git, line: list[str], repository: Repository
) -> None:
    repository.git("checkout", "--quiet", "-b", "side", line[2])
    tip = repository.commit({"b": "b"})
    assert parse(git, "main...side") == between(line[2], tip)


def test_equal_ends_are_a_range_without_commits(git: Git, line: list[str]) -> None:
    coverage = Coverage()
    assert list(changes(git, parse(git, "HEAD..HEAD"), coverage)) == []
    assert list(changes(git, parse(git, "HEAD..HEAD~1"), coverage)) == []
    assert coverage.commits == 0


@pytest.mark.parametrize(
    "text",
    ["", "HEAD", "a..b..c", "HEAD....HEAD", "gone..HEAD", "HEAD..gone", "--all..HEAD", "..-h"],
)
def test_what_is_no_range_is_a_usage_error(git: Git, line: list[str], text: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(git, text)
    assert raised.value.exit_code is ExitCode.USAGE
    assert raised.value.hint


@pytest.mark.parametrize("ref", ["gone", "HEAD..HEAD", "-h"])
def test_since_takes_one_ref(git: Git, line: list[str], ref: str) -> None:
    with pytest.raises(UsageError):
        since(git, ref)


@pytest.mark.parametrize(("text", "ref"), [(None, None), ("HEAD~1..HEAD", "HEAD~1")])
def test_exactly_one_range_is_asked_for(
    git: Git, line: list[str], text: str | None, ref: str | None
) -> None:
    with pytest.raises(UsageError):
        choose(git, text, ref)


def test_an_id_of_zeros_has_its_own_hint(git: Git, line: list[str]) -> None:
    with pytest.raises(UsageError, match="zeros") as raised:
        parse(git, "0" * 40 + "..HEAD")
    assert "new branch" in raised.value.hint


def test_histories_without_a_common_commit_have_no_three_dots(
    git: Git, line: list[str], repository: Repository
) -> None:
    repository.git("checkout", "--quiet", "--orphan", "other")
    tip = repository.commit({"b": "b"})
    with pytest.raises(UsageError, match="in common"):
        parse(git, "main...other")
    assert parse(git, "main..other") == between(line[5], tip)


def test_every_commit_of_the_range_is_looked_at_by_itself(
    git: Git, line: list[str], repository: Repository
) -> None:
    """What one commit adds and the next takes away must be seen."""
    added = repository.commit({"key": "secret\n"}, "add")
    removed = repository.commit({"key": None}, "remove")
    nothing = repository.commit({}, "nothing")
    coverage = Coverage()
    found = list(changes(git, parse(git, f"{line[5]}..HEAD"), coverage))
    assert [commit.commit for commit in found] == [nothing, removed, added]
    assert coverage.commits == 3
    (gone,) = found[1].changes
    (new,) = found[2].changes
    assert (gone.path, gone.old, gone.new) == ("key", (new.new,), None)
    assert (new.path, new.old) == ("key", ())
    assert found[0].changes == ()
    assert found[2].parents == (line[5],)
    assert found[2].author == "Ada <ada@example.com>"


def test_a_range_holds_root_commits_renames_and_what_a_merge_itself_brings(
    git: Git, line: list[str], repository: Repository
) -> None:
    text = "".join(f"line {number}\n" for number in range(40))
    repository.git("checkout", "--quiet", "--orphan", "other")
    root = repository.commit({"a": None, "old": text})
    renamed = repository.commit({"old": None, "new": text + "more\n"})
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-commit", "--allow-unrelated-histories", "other")
    merge = repository.commit({"evil": "brought by the merge\n"})
    found = {
        commit.commit: commit for commit in changes(git, parse(git, f"{line[5]}..HEAD"), Coverage())
    }
    assert found.keys() == {root, renamed, merge}
    assert {change.path for change in found[root].changes} == {"old"}
    (rename,) = found[renamed].changes
    assert rename.path == "new"
    assert rename.old == (found[root].changes[0].new,)
    assert [change.path for change in found[merge].changes] == ["evil"]
    assert len(found[merge].parents) == 2


def test_a_range_that_a_shallow_clone_holds_is_read(
    line: list[str], repository: Repository, clone: Clone, opened: Opened
) -> None:
    git = opened(clone(repository, "--depth=4"))
    coverage = Coverage()
    assert len(list(changes(git, parse(git, "HEAD~3..HEAD"), coverage))) == 3
    assert parse(git, "HEAD~2...HEAD") == between(line[3], line[5])


@pytest.mark.parametrize("text", ["{old}..HEAD", "HEAD~5..HEAD", "{old}...HEAD"])
def test_a_base_that_a_shallow_clone_lacks_names_the_way_out(
    line: list[str], repository: Repository, clone: Clone, opened: Opened, text: str
) -> None:
    git = opened(clone(repository, "--depth=2"))
    with pytest.raises(UsageError) as raised:
        parse(git, text.format(old=line[0]))
    assert "git fetch --unshallow" in raised.value.hint
    assert "shallow" in raised.value.what


def test_history_that_is_cut_inside_the_range_is_an_error(
    line: list[str], repository: Repository, clone: Clone, opened: Opened
) -> None:
    """The base is there and an ancestor, but a merged side reaches beyond what was fetched."""
    repository.git("checkout", "--quiet", "-b", "side", line[0])
    for number in range(4):
        repository.commit({"side": f"{number}\n"})
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "side", "-m", "merge")
    git = opened(clone(repository, "--depth=3"))
    assert git.resolve("HEAD~1") == line[5]
    with pytest.raises(UsageError, match="does not hold all"):
        parse(git, "HEAD~1..HEAD")


def test_a_base_beside_the_tip_is_an_error_in_a_shallow_clone(
    line: list[str], repository: Repository, clone: Clone, opened: Opened
) -> None:
    repository.git("checkout", "--quiet", "-b", "side", line[0])
    repository.commit({"side": "s\n"})
    git = opened(clone(repository, "--depth=1", "--no-single-branch"))
    for text in ("origin/main..origin/side", "origin/main...origin/side"):
        with pytest.raises(UsageError, match="does not hold all"):
            parse(git, text)


def test_a_true_root_inside_a_shallow_range_is_no_cut(
    repository: Repository, clone: Clone, opened: Opened
) -> None:
    for number in range(3):
        repository.commit({"a": f"{number}"})
    repository.git("checkout", "--quiet", "--orphan", "fresh")
    repository.commit({"fresh": "f"})
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--allow-unrelated-histories", "fresh", "-m", "merge")
    git = opened(clone(repository, "--depth=2"))
    assert git.shallow
    assert len(list(changes(git, parse(git, "HEAD~1..HEAD"), Coverage()))) == 2


def test_a_range_works_in_a_partial_clone(
    line: list[str], repository: Repository, clone: Clone, opened: Opened
) -> None:
    repository.commit({"a": None, "moved": "5\n", "b": "x\n" * 30})
    git = opened(clone(repository, "--filter=blob:none", "--no-checkout"))
    found = list(changes(git, parse(git, f"{line[0]}..HEAD"), Coverage()))
    assert len(found) == 6
    moved = next(change for change in found[0].changes if change.path == "moved")
    assert moved.old == (moved.new,)
