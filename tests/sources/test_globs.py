from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from envguard.core.errors import UsageError
from envguard.sources.globs import Globs, is_env_file

if TYPE_CHECKING:
    from tests.conftest import Repository


@pytest.mark.parametrize(
    ("pattern", "path", "matched"),
    [
        ("*.min.js", "a/b/jquery.min.js", "a/b/jquery.min.js"),
        ("*.min.js", "a/jquery.js", None),
        ("vendor/**", "vendor/a/b.txt", "vendor/"),
        ("vendor/**", "src/vendor/b.txt", None),
        ("vendor/**", "vendor", None),
        ("vendor", "src/vendor/b.txt", "src/vendor/"),
        ("vendor/", "src/vendor/b.txt", "src/vendor/"),
        ("vendor/", "src/vendor", None),
        ("/vendor", "src/vendor/b.txt", None),
        ("/vendor", "vendor/b.txt", "vendor/"),
        ("**/fixtures/*.json", "fixtures/a.json", "fixtures/a.json"),
        ("**/fixtures/*.json", "tests/unit/fixtures/a.json", "tests/unit/fixtures/a.json"),
        ("**/fixtures/*.json", "fixtures/deep/a.json", None),
        ("a/**/z", "a/z", "a/z"),
        ("a/**/z", "a/b/c/z/file", "a/b/c/z/"),
        ("docs/*", "docs/a/b", "docs/a/"),
        ("docs/*.md", "docs/a/b.md", None),
        ("?.txt", "a/b.txt", "a/b.txt"),
        ("?.txt", "ab.txt", None),
        ("[a-c].txt", "b.txt", "b.txt"),
        ("[!a-c].txt", "b.txt", None),
        ("[!a-c].txt", "d.txt", "d.txt"),
        ("[^a-c].txt", "d.txt", "d.txt"),
        ("a[.]txt", "abtxt", None),
        (r"\*.txt", "*.txt", "*.txt"),
        (r"\*.txt", "a.txt", None),
        ("./a.txt", "a.txt", "a.txt"),
        ("**", "any/thing", "any/"),
        ("a+b(c).txt", "a+b(c).txt", "a+b(c).txt"),
        ("*.env", "line\nfeed.env", "line\nfeed.env"),
    ],
)
def test_a_glob_leaves_out(pattern: str, path: str, matched: str | None) -> None:
    assert Globs([pattern]).match(path) == matched


def test_the_topmost_folder_is_named() -> None:
    globs = Globs(["b/", "a/b/c/d.txt"])
    assert globs.match("a/b/c/d.txt") == "a/b/"
    assert globs.match_folder("a/b/c") == "a/b/"
    assert globs.match_folder("a") is None


def test_without_globs_nothing_is_left_out() -> None:
    assert Globs([]).match("a/b") is None


@pytest.mark.parametrize("pattern", ["!keep.txt", "/", "", "[z-a]", "./"])
def test_a_glob_that_says_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError):
        Globs([pattern])


WORDS = st.text("ab.", min_size=1, max_size=3).filter(lambda word: set(word) != {"."})
PARTS = st.sampled_from(["*", "**", "a", "b", "a*", "?b", "[ab]", "[!a]*", "*.b", "ab", "**b"])


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(PARTS, min_size=1, max_size=4).map("/".join),
    st.sampled_from(["", "/"]),
    st.sampled_from(["", "/"]),
    st.lists(WORDS, min_size=1, max_size=4).map("/".join),
)
@example("a/**", "", "", "a/b")
@example("**/a", "", "/", "b/a/a")
def test_globs_agree_with_git(
    repository: Repository, middle: str, start: str, end: str, path: str
) -> None:
    """For a file below at least one folder, so that `dir/**` and `dir/` are the same to git."""
    pattern = start + middle + end
    repository.write(".git/info/exclude", pattern + "\n")
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", "--quiet", "top/" + path],
        cwd=repository.root,
        check=False,
    )
    assert (Globs([pattern]).match("top/" + path) is not None) == (asked.returncode == 0)


@pytest.mark.parametrize(
    "path",
    [".env", "a/.env", ".env.local", ".env.production", "prod.env", "a/b/.ENV", ".env.vault"],
)
def test_files_of_settings_are_known_by_their_name(path: str) -> None:
    assert is_env_file(path)


@pytest.mark.parametrize(
    "path",
    [
        ".envrc",
        ".env.example",
        ".env.sample",
        ".env.template",
        ".env.dist",
        ".env.local.example",
        "example.env.txt",
        "env",
        "my.envelope",
        ".environment",
        "a.env/b",
        ".env.example.local",
    ],
)
def test_templates_and_others_are_no_files_of_settings(path: str) -> None:
    assert not is_env_file(path)


@pytest.mark.parametrize(
    ("below", "path", "excluded"),
    [
        ("app/", "vendor/x.js", None),  # /vendor is another folder
        ("app/", "build/x.js", "build/"),
        ("vendor/lib/", "x.js", "./"),
        ("app/", "x.min.js", "x.min.js"),
        ("", "vendor/x.js", "vendor/"),
    ],
)
def test_globs_count_from_the_top_wherever_the_paths_begin(
    below: str, path: str, excluded: str | None
) -> None:
    assert Globs(("/vendor/**", "app/build/", "*.min.js"), below).match(path) == excluded
