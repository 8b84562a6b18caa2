from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.sources.git import Git
from envguard.sources.repository import remotes, without_credentials

if TYPE_CHECKING:
    from tests.conftest import Repository

PASSWORD = "pass" + "word"


def test_remotes_have_their_urls_without_passwords(repository: Repository, git: Git) -> None:
    assert remotes(git) == {}
    repository.git("remote", "add", "origin", f"https://ada:{PASSWORD}@example.com/shop.git")
    repository.git("remote", "add", "my.fork", "git@example.com:ada/shop.git")
    assert remotes(git) == {
        "origin": "https://example.com/shop.git",
        "my.fork": "git@example.com:ada/shop.git",
    }


def test_a_linked_worktree_a_sha256_and_a_bare_repository_have_them_too(
    make_repository: Callable[..., Repository], opened: Callable[..., Git], tmp_path: Path
) -> None:
    for name, option in (("long", "--object-format=sha256"), ("bare", "--bare")):
        repository = make_repository(name, option)
        repository.git("remote", "add", "origin", "ssh://example.com/x")
        git = opened(repository.root, allow_bare=True)
        assert remotes(git) == {"origin": "ssh://example.com/x"}
    main = make_repository("main")
    main.commit({"a": "1"})
    main.git("remote", "add", "origin", "ssh://example.com/x")
    main.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    assert remotes(opened(tmp_path / "linked")) == {"origin": "ssh://example.com/x"}


def test_a_configuration_that_names_other_files_is_not_followed(
    repository: Repository, git: Git, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    other = tmp_path / "other"
    other.write_text('[remote "evil"]\n\turl = https://evil.example\n')
    with (repository.root / ".git/config").open("a") as config:
        config.write(f"[include]\n\tpath = {other}\n[include]\n\tpath = {tmp_path / 'none'}\n")
    assert remotes(git) == {}


def test_a_configuration_that_cannot_be_read_names_no_remotes(
    repository: Repository, git: Git
) -> None:
    repository.git("remote", "add", "origin", "ssh://example.com/x")
    config = repository.root / ".git/config"
    whole = config.read_bytes()
    config.write_bytes(whole + b'[remote "\xff"]\n\turl = \xff\n')
    assert isinstance(remotes(git), dict)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.com/a/b.git", "https://example.com/a/b.git"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("https://token@example.com/a", "https://example.com/a"),
        ("https://u:{0}@example.com/a", "https://example.com/a"),
        ("https://u:{0}/{0}@example.com/a", "https://example.com/a"),
        ("https://u:{0}?{0}#{0}@example.com/a", "https://example.com/a"),
        ("https://u:{0}@{0}@example.com/a", "https://example.com/a"),
        ("https://u:{0}@x/{0}@example.com/a", "https://example.com/a"),
        ("https://example.com/a?token={0}", "https://example.com/a"),
        ("https://example.com/@scope/a", "https://example.com/@scope/a"),
        ("ssh://git@example.com/a", "ssh://example.com/a"),
        ("git@example.com:a/b.git", "git@example.com:a/b.git"),
        ("/srv/git/a@b.git", "/srv/git/a@b.git"),
        ("file:///srv/a@b.git", "file:///srv/a@b.git"),
        ("http://[::1]:80/a", "http://[::1]:80/a"),
    ],
)
def test_no_credential_stays_in_a_url(url: str, shown: str) -> None:
    told = without_credentials(url.format(PASSWORD))
    assert told == shown
    assert PASSWORD not in told
