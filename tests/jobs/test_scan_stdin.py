"""scan --stdin: one text."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from envguard.core.errors import UsageError
from envguard.jobs.scan.request import Mode
from tests.jobs.scans import Scanner, leak, places


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
    text = b'password = "s3cr3t!X1"\n'
    assert scan(tmp_path, Mode.STDIN, stdin=BytesIO(text), name="app.py").findings
    assert not scan(tmp_path, Mode.STDIN, stdin=BytesIO(text), name="tests/app.py").findings


def test_no_input_is_an_error(scan: Scanner, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no standard input"):
        scan(tmp_path, Mode.STDIN)
