"""Files as commits have them, many at once."""

from __future__ import annotations

from envguard.sources import git as git_door
from envguard.sources.at_commits import contents_at
from tests.conftest import Repository


def test_each_file_comes_as_its_commit_has_it(repository: Repository) -> None:
    first = repository.commit({"a b.txt": "one", "sub/é.txt": "same"})
    second = repository.commit({"a b.txt": "two", "copy.txt": "same"})
    git = git_door.find(repository.root)
    assert git is not None
    places = [
        *((first, "a b.txt"), (second, "a b.txt"), (first, "sub/é.txt"), (second, "copy.txt")),
        *((first, "gone.txt"), (first, "sub"), ("0" * 40, "a b.txt"), (first, "odd\nname")),
        *((first, ""), (first, "no such: file"), (second, "sub/é.txt")),
    ]
    assert dict(contents_at(git, places)) == {
        (first, "a b.txt"): b"one",
        (second, "a b.txt"): b"two",
        (first, "sub/é.txt"): b"same",
        (second, "copy.txt"): b"same",
        (second, "sub/é.txt"): b"same",
    }
    assert list(contents_at(git, [])) == []
