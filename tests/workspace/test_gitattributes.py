"""A line of .gitattributes, added once and without a change to the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.core.errors import UsageError
from envguard.workspace import gitattributes

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
