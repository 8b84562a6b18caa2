"""GitHub's workflow commands, as the runner reads them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.finding import Occurrence
from envguard.reports.github import render
from envguard.reports.report import Report
from tests.reports.every import HOSTILE_TEXTS, evil, is_clean, usual
from tests.reports.samples import AT_HEAD, IN_A_FILE, IN_A_HISTORY, incomplete

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")
_UNESCAPED = (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))


def commands(report: Report) -> list[tuple[str, dict[str, str], str]]:
    """What the runner makes of the report: name, properties, message."""
    found = []
    for line in render(report).removesuffix("\n").split("\n"):
        match = COMMAND.fullmatch(line)
        assert match, line
        pairs = [part.split("=", 1) for part in match[2].split(",")]
        properties = {name: _unescaped(value) for name, value in pairs}
        assert set(properties) <= {"file", "line", "endLine", "col", "endColumn", "title"}
        found.append((match[1], properties, match[3]))
    return found


def _unescaped(text: str) -> str:
    for written, meant in _UNESCAPED:
        text = text.replace(written, meant)
    return text


def test_the_report_is_as_it_was(golden: Callable[[str, str], None]) -> None:
    golden("scan.github.txt", render(usual()))


def test_a_finding_stands_at_its_line() -> None:
    ((name, properties, message),) = commands(
        usual(incomplete())._replace(findings=[IN_A_FILE], coverage=usual().coverage)
    )[:1]
    assert name == "error"
    assert properties == {
        "file": "src/deploy.py",
        "line": "3",
        "endLine": "3",
        "col": "10",
        "endColumn": "50",
        "title": "GitHub token",
    }
    assert message.endswith("Revoke it: https://github.com/settings/tokens")


def test_each_place_in_the_tree_has_its_own() -> None:
    heads = (Occurrence("head", "a.py", 1), Occurrence("head", "b.py", 2))
    found = commands(usual()._replace(findings=[AT_HEAD._replace(occurrences=heads)]))
    assert [p.get("file") for _, p, _ in found] == ["a.py", "b.py", None]
    assert {name for name, _, _ in found[:2]} == {"warning"}


def test_what_only_the_history_has_stands_at_no_line() -> None:
    _, properties, message = commands(usual()._replace(findings=[IN_A_HISTORY]))[0]
    assert "file" not in properties
    assert message.startswith("config/settings.py:7: Private key")
    assert "111111111111" in message


def test_an_incomplete_scan_says_so() -> None:
    found = commands(usual(incomplete())._replace(findings=[]))
    assert [(name, p["title"]) for name, p, _ in found] == [("error", "not scanned")]


def test_a_clean_scan_says_nothing() -> None:
    report = usual()._replace(findings=[])
    report.coverage.notes.clear()
    assert render(report) == ""


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_text_of_the_tree_makes_no_commands(text: str) -> None:
    report = evil(text)
    assert len(commands(report)) == 6
    assert is_clean(render(report))


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1))
def test_the_runner_reads_the_path_back(path: str) -> None:
    if path.isprintable():
        _, properties, _ = commands(usual()._replace(findings=[IN_A_FILE._replace(path=path)]))[0]
        assert properties["file"] == path


def test_line_ends_in_a_path_come_back() -> None:
    finding = IN_A_FILE._replace(path="a\r\nb%0A,c:d")
    _, properties, _ = commands(usual()._replace(findings=[finding]))[0]
    assert properties["file"] == "a\r\nb%0A,c:d"
