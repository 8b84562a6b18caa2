"""CSV: RFC 4180, and no cell that a spreadsheet computes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.reports.csv import COLUMNS, cell, render
from envguard.reports.report import Report
from tests.reports.every import ALL, HOSTILE_TEXTS, evil, is_clean, usual


def rows(report: Report) -> list[list[str]]:
    return list(csv.reader(io.StringIO(render(report), newline=""), strict=True))


def test_the_report_is_as_it_was(golden: Callable[[str, str], None]) -> None:
    golden("scan.csv", render(usual()).replace("\r\n", "\n"))


def test_lines_end_as_the_rfc_says_and_have_all_columns() -> None:
    text = render(usual())
    assert text.count("\r\n") == text.count("\n") == text.count("\r") == len(ALL) + 1
    names, *others = rows(usual())
    assert tuple(names) == COLUMNS
    assert {len(row) for row in others} == {len(COLUMNS)}
    assert others[0][4:6] == ["src/deploy.py", "3"]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\uff1d1", "\uff201"]
)
def test_what_a_spreadsheet_would_compute_is_text(text: str) -> None:
    assert cell(text).startswith("'")


@pytest.mark.parametrize("text", ["a=1", "a-b", "", "x@y", "1"])
def test_other_cells_stay(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_text_of_the_tree_is_escaped(text: str) -> None:
    assert is_clean(render(evil(text)), "\r\n")
    assert {len(row) for row in rows(evil(text))} == {len(COLUMNS)}


@given(st.text(st.characters(), min_size=1))
def test_no_cell_begins_a_formula(text: str) -> None:
    for row in rows(evil(text)):
        assert len(row) == len(COLUMNS)
        assert not any(value.startswith(tuple("=+-@\t\r\n")) for value in row)
