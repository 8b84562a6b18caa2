from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.sources import objects
from envguard.sources.door import GitError
from envguard.sources.git import Git
from envguard.sources.process import Process

if TYPE_CHECKING:
    from tests.conftest import Repository


def write(repository: Repository, contents: list[bytes]) -> list[str]:
    """Stores contents as blobs; their ids."""
    for position, content in enumerate(contents):
        repository.write(f"in/{position}", content)
    names = [f"in/{position}" for position in range(len(contents))]
    return repository.git("hash-object", "-w", "--no-filters", *names).split() if names else []


def damage(repository: Repository, blob: str) -> None:
    """Breaks the second half of a loose object."""
    file = repository.root / ".git/objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2] + b"rubbish")


def test_nothing_is_started_where_nothing_is_asked() -> None:
    def start(_lines: Iterable[bytes]) -> Process:
        raise AssertionError

    assert list(objects.contents(start, iter(()))) == []


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=300), max_size=12))
def test_contents_are_what_was_stored(
    repository: Repository, git: Git, contents: list[bytes]
) -> None:
    ids = write(repository, contents)
    assert list(git.contents(ids)) == list(zip(ids, contents, strict=True))


def test_large_and_awkward_contents_come_whole(repository: Repository, git: Git) -> None:
    contents = [b"", b"\n", b"x" * 3_000_001, b"no end", b"\0" * 70_000, b"a missing\n" * 9]
    ids = write(repository, contents)
    assert [content for _, content in git.contents(ids)] == contents


def test_many_requests_cannot_block_each_other(repository: Repository, git: Git) -> None:
    """More requests than a pipe holds, and more answers, with nobody reading for a while."""
    ids = write(repository, [b"y" * 5_000, b"z"])
    reader = git.contents(ids * 20_000)
    assert next(reader) == (ids[0], b"y" * 5_000)
    threading.Event().wait(0.2)
    assert sum(1 for _ in reader) == 39_999


def test_a_missing_object_is_none_and_the_rest_goes_on(repository: Repository, git: Git) -> None:
    first, second = write(repository, [b"1", b"2"])
    absent = "12" * 20
    assert list(git.contents([first, absent, second])) == [
        (first, b"1"),
        (absent, None),
        (second, b"2"),
    ]


@pytest.mark.parametrize("size", [10, 2_000_000])
def test_a_damaged_object_is_none_and_the_rest_goes_on(
    repository: Repository, git: Git, size: int
) -> None:
    contents = [bytes([65 + i]) * (size + i) for i in range(6)]
    ids = write(repository, contents)
    for position in (1, 2, 5):
        damage(repository, ids[position])
    read = dict(git.contents(ids))
    assert list(read) == ids
    assert [read[ids[i]] is None for i in range(6)] == [False, True, True, False, False, True]
    assert read[ids[4]] == contents[4]


def test_endless_damage_is_an_error(
    repository: Repository, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "_DEATHS", 3)
    ids = write(repository, [os.urandom(5_000) for _ in range(5)])
    for blob in ids:
        damage(repository, blob)
    with pytest.raises(GitError, match="cat-file"):
        list(git.contents(ids))


def test_an_error_of_the_ids_reaches_the_reader(repository: Repository, git: Git) -> None:
    (blob,) = write(repository, [b"1"])

    def ids() -> Iterator[str]:
        yield blob
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(git.contents(ids()))


def test_a_reader_that_stops_leaves_nothing_behind(
    repository: Repository, git: Git, opened: Callable[..., Git]
) -> None:
    (blob,) = write(repository, [b"1" * 100_000])
    before = {*threading.enumerate()}
    reader = git.contents([blob] * 10_000)
    next(reader)
    reader.close()
    assert {*threading.enumerate()} <= before


def test_alternates_are_read(
    repository: Repository, make_repository: Callable[..., Repository], opened: Callable[..., Git]
) -> None:
    (blob,) = write(repository, [b"shared"])
    borrower = make_repository("borrower")
    alternates = borrower.root / ".git/objects/info/alternates"
    alternates.write_text(f"{repository.root}/.git/objects\n")
    assert list(opened(borrower.root).contents([blob])) == [(blob, b"shared")]


def test_replacements_do_not_hide_what_is_stored(repository: Repository, git: Git) -> None:
    real, harmless = write(repository, [b"real", b"harmless"])
    repository.git("replace", real, harmless)
    assert repository.git("cat-file", "blob", real) == "harmless"
    assert list(git.contents([real])) == [(real, b"real")]


def test_an_object_that_is_longer_than_it_says_is_passed_by(
    repository: Repository, git: Git
) -> None:
    """git 2.39 writes all of it; with nobody who reads, it would wait for ever."""
    (good,) = write(repository, [b"good"])
    long = "ab" + "a" * 38
    text = zlib.compress(b"blob 5\0" + bytes(16 << 20))
    repository.write(f".git/objects/ab/{'a' * 38}", text)
    assert list(git.contents([long, good])) == [(long, None), (good, b"good")]
