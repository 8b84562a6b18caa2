"""A line of .gitattributes, added once and without a change to the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.core.errors import UsageError
from envguard.workspace import gitattributes
from tests.conftest import Repository

LINE = "/.envguard-baseline.json merge=union"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, b"%s\n"),
        (b"", b"%s\n"),
        (b"* text\n", b"* text\n%s\n"),
        (b"* text", b"* text\n%s\n"),
        (b"* text\r\n*.png binary\r\n", b"* text\r\n*.png binary\r\n%s\r\n"),
        (b"caf\xe9 text\n", b"caf\xe9 text\n%s\n"),
    ],
)
def test_a_line_comes_last_and_once(tmp_path: Path, before: bytes | None, after: bytes) -> None:
    file = tmp_path / gitattributes.FILE_NAME
    if before is not None:
        file.write_bytes(before)
    assert gitattributes.write(file, LINE)
    assert file.read_bytes() == after % LINE.encode()
    assert not gitattributes.write(file, LINE)
    assert file.read_bytes() == after % LINE.encode()


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / gitattributes.FILE_NAME).mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        gitattributes.write(tmp_path / gitattributes.FILE_NAME, LINE)


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("a/b.json", "/a/b.json"),
        ("a b", '"/a b"'),
        ('a"b', r'"/a\"b"'),
        ("a\n* x\té", r'"/a\012\\* x\011\303\251"'),
        ("[a]*?", r"/\[a]\*\?"),
        ("a\\b", r"/a\\b"),
        ("a\udcff", r'"/a\377"'),
    ],
)
def test_a_pattern_means_one_path(path: str, pattern: str) -> None:
    assert gitattributes.pattern(path) == pattern


@pytest.mark.parametrize("name", ["a b", 'a"b', "a\n* x\té", "[a]*?", "a\\b", "a\udcff", "#a"])
def test_git_reads_a_pattern_as_that_path(repository: Repository, name: str) -> None:
    line = f"{gitattributes.pattern(name)} merge=union"
    gitattributes.write(repository.root / gitattributes.FILE_NAME, line)
    told = repository.git("check-attr", "-z", "merge", "--", name, "a", "other")
    assert told.split("\0")[2:9:3] == ["union", "unspecified", "unspecified"]
