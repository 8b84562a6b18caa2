"""What git tells the hooks of a push, and which commits that means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.core.errors import UsageError
from envguard.sources.git import Git
from envguard.sources.pushes import Update, arriving, leaving, received, sent
from envguard.sources.ranges import Range

if TYPE_CHECKING:
    from tests.conftest import Repository

ZEROS = "0" * 40
A, B = "a" * 40, "b" * 40


def test_the_lines_of_both_hooks_are_read() -> None:
    lines = f"refs/heads/x {A} refs/heads/y {B}\n(delete) {ZEROS} refs/heads/z {A}\n"
    assert sent(lines) == [Update("refs/heads/y", B, A), Update("refs/heads/z", A, ZEROS)]
    assert [update.deletes for update in sent(lines)] == [False, True]
    # What was typed for the local ref comes as it is.
    assert sent(f":/a message {A} refs/heads/y {B}\n") == [Update("refs/heads/y", B, A)]
    assert received(f"{A} {B} refs/tags/v1\n") == [Update("refs/tags/v1", A, B)]
    assert sent("") == received("") == []
    assert received(f"{A} {B} refs/tags/v1\r\n") == [Update("refs/tags/v1", A, B)]


@pytest.mark.parametrize("separator", ["\u2028", "\u0085"])
def test_a_name_may_hold_what_other_texts_take_for_the_end_of_a_line(separator: str) -> None:
    ref = f"refs/heads/a{separator}b"
    assert received(f"{A} {B} {ref}\n") == [Update(ref, A, B)]
    assert sent(f"{ref} {B} {ref} {A}\n") == [Update(ref, A, B)]


@pytest.mark.parametrize(
    "line", ["one", f"{A} {B}", f"{A} token refs/x", f"{A}0 {B} refs/x", "{A} {B} refs/x", " " * 9]
)
def test_a_line_that_is_not_gits_is_an_error_that_does_not_repeat_it(line: str) -> None:
    for read in (received, sent):
        with pytest.raises(UsageError) as raised:
            read(f"{line}\n")
        assert "token" not in raised.value.what


@pytest.fixture
def line(repository: Repository) -> list[str]:
    """Four commits in a row on main."""
    return [repository.commit({"a": f"{number}\n"}) for number in range(4)]


def test_what_leaves_is_judged_by_what_the_ref_names_there(
    git: Git, line: list[str], repository: Repository
) -> None:
    repository.git("update-ref", "refs/remotes/origin/main", line[1])
    span = leaving(git, [Update("refs/heads/main", line[1], line[3])], "origin")
    assert span == Range((line[3],), (line[1],), line[1])


def test_a_new_branch_is_judged_by_what_it_builds_on(
    git: Git, line: list[str], repository: Repository
) -> None:
    repository.git("update-ref", "refs/remotes/origin/main", line[1])
    repository.git("update-ref", "refs/remotes/other/main", line[2])
    update = Update("refs/heads/new", ZEROS, line[3])
    assert leaving(git, [update], "origin") == Range((line[3],), (line[1],), line[1])
    # Of a URL nothing is known, and of no name what any of them has.
    assert leaving(git, [update], "https://x.example/a.git") == Range((line[3],), (), None)
    assert leaving(git, [update], "") == Range((line[3],), (line[1], line[2]), line[2])


def test_a_commit_of_the_remote_that_is_not_here_bounds_nothing(git: Git, line: list[str]) -> None:
    span = leaving(git, [Update("refs/heads/main", A, line[3])], "origin")
    assert span == Range((line[3],), (), None)


def test_what_only_goes_away_brings_nothing(git: Git, line: list[str]) -> None:
    gone = [Update("refs/heads/x", line[1], ZEROS)]
    assert leaving(git, gone, "origin") is None
    assert arriving(git, gone) is None


def test_without_an_update_head_leaves(git: Git, line: list[str]) -> None:
    assert leaving(git, [], "origin") == Range((line[3],), (), None)


def test_what_arrives_is_judged_by_the_default_branch(
    git: Git, line: list[str], repository: Repository
) -> None:
    repository.git("branch", "a-topic", line[1])
    repository.git("checkout", "-q", "--detach")
    new = repository.commit({"b": "b\n"})
    repository.git("checkout", "-q", "main")
    span = arriving(git, [Update("refs/heads/a-topic", line[1], new)])
    assert span is not None
    assert (span.tips, span.base) == ((new,), line[3])
    assert set(span.known) == {line[1], line[3]}


def test_tags_of_tags_bring_all_their_messages(
    git: Git, line: list[str], repository: Repository
) -> None:
    repository.git("tag", "-a", "one", "-m", "one")
    repository.git("tag", "-a", "two", "-m", "two", "one")
    two, one = (repository.git("rev-parse", name) for name in ("two", "one"))
    span = arriving(git, [Update("refs/tags/two", ZEROS, two)])
    assert span is not None
    assert (span.tips, span.tags) == ((line[3],), (two, one))


def test_a_single_file_and_a_missing_object_are_errors(
    git: Git, line: list[str], repository: Repository
) -> None:
    blob = repository.git("rev-parse", "HEAD:a")
    with pytest.raises(UsageError, match="single file or folder"):
        arriving(git, [Update("refs/tags/x", ZEROS, blob)])
    with pytest.raises(UsageError, match="object aaaaaaaaaaaa, which refs/tags/x shall name"):
        arriving(git, [Update("refs/tags/x", ZEROS, A)])
