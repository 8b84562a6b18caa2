"""scan --stdin: one text."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from envguard.core.document import LARGE
from envguard.core.errors import UsageError
from envguard.jobs.scan.request import Mode
from tests.jobs.scans import Scanner, leak, places, unsure


def test_standard_input_is_one_document_under_its_name(scan: Scanner, tmp_path: Path) -> None:
    text = b"one\n" + leak().encode()
    result = scan(tmp_path, Mode.STDIN, stdin=BytesIO(text), name="change.diff")
    assert places(result) == [("change.diff", 2)]
    assert (result.coverage.files, result.coverage.bytes) == (1, len(text))
    assert result.coverage.complete


def test_bytes_that_are_no_text_are_scanned(scan: Scanner, tmp_path: Path) -> None:
    text = b"\xff\xfe\0 " + leak().encode()
    assert len(scan(tmp_path, Mode.STDIN, stdin=BytesIO(text)).findings) == 1


def test_an_empty_input_is_clean(scan: Scanner, tmp_path: Path) -> None:
    result = scan(tmp_path, Mode.STDIN, stdin=BytesIO())
    assert (result.findings, result.coverage.complete) == ((), True)


def test_the_name_counts_for_the_confidence(scan: Scanner, tmp_path: Path) -> None:
    line, likely, unlikely = unsure(scan)
    text = line.encode()
    assert scan(tmp_path, Mode.STDIN, stdin=BytesIO(text), name=likely).findings
    assert not scan(tmp_path, Mode.STDIN, stdin=BytesIO(text), name=unlikely).findings


def test_ctrl_c_gives_what_was_found_before(scan: Scanner, tmp_path: Path) -> None:
    class Pressed(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if not (text := super().read(size)):
                raise KeyboardInterrupt
            return text

    text = leak().encode() + b"x\n" * LARGE
    result = scan(tmp_path, Mode.STDIN, stdin=Pressed(text), name="a.log")
    assert result.interrupted
    assert places(result) == [("a.log", 1)]
    assert [unseen.path for unseen in result.coverage.skipped] == ["a.log"]


def test_no_input_is_an_error(scan: Scanner, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no standard input"):
        scan(tmp_path, Mode.STDIN)
