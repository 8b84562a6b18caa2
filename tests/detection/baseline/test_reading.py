"""Files of known findings, told apart by what is in them."""

from __future__ import annotations

import json

import pytest

from envguard.core.errors import ConfigError, UsageError
from envguard.detection.baseline import file
from envguard.detection.baseline.entries import Baseline
from envguard.detection.baseline.reading import read
from tests.detection.samples import expand

VALUE = expand("{github:ghp_}", 3).decode()
RESULT = {"type": "Private Key", "hashed_secret": "a" * 40, "line_number": 1}
ROW = {"RuleID": "jwt", "File": "a.py", "StartLine": 2, "Secret": VALUE}


def test_each_form_is_known_by_its_content() -> None:
    ours = Baseline("salt")
    assert read(file.render(ours), "elsewhere.json") == ours
    for text in (
        json.dumps({"version": "1.5.0", "results": {"a.py": [RESULT]}}),
        json.dumps([ROW]),
        f"RuleID,Commit,File,SymlinkFile,Secret,StartLine,EndLine\njwt,,a.py,,{VALUE},2,2\n",
    ):
        told = read(text, "known")
        assert isinstance(told, list)
        assert [one.path for one in told] == ["a.py"]


def test_a_field_of_a_report_may_be_long() -> None:
    long = "m" * 200_000
    told = read(f"RuleID,Commit,File,Secret,Match,StartLine\njwt,,a.py,{VALUE},{long},2\n", "known")
    assert isinstance(told, list)
    assert [one.path for one in told] == ["a.py"]


def test_a_list_of_ignored_findings_is_known_by_its_name() -> None:
    told = read("a.py:jwt:2\n", "sub/.gitleaksignore")
    assert isinstance(told, list)
    assert [(one.path, one.line) for one in told] == [("a.py", 2)]


@pytest.mark.parametrize(
    "text",
    [
        *("", "hello", "[1]", '{"a": 1}', "[" * 100_000),
        json.dumps([ROW | {"StartLine": VALUE}]),
        json.dumps([ROW | {"StartLine": None}]),
        json.dumps({"version": "1", "results": {"a.py": [{"hashed_secret": VALUE}]}}),
        json.dumps({"version": "1", "results": {"a.py": 1}}),
        json.dumps({"runs": [{"tool": {}}]}),
        f"RuleID,Commit,File,Secret,StartLine\njwt,,a.py,{VALUE},{VALUE}\n",
        json.dumps([ROW | {"StartLine": float("inf")}]),
        # What no file can be called.
        json.dumps([ROW | {"File": "a\ud800.py"}]),
        json.dumps([ROW | {"File": "a\0.py"}]),
        json.dumps({"version": "1", "results": {"a\ud800.py": [RESULT]}}),
    ],
)
def test_what_cannot_be_read_is_told_without_a_value(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text, "known.json")
    assert "known.json" in caught.value.what
    shown = f"{caught.value!r} {caught.value.what} {caught.value.hint}"
    assert VALUE not in shown
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_damaged_one_of_ours_is_never_taken_for_an_empty_one() -> None:
    with pytest.raises(ConfigError):
        read("{}", file.FILE_NAME)
