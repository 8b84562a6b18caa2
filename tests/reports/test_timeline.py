"""When credentials came and went."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.finding import Finding, Occurrence
from envguard.reports.timeline import Bar, bars, day, drawing, table
from tests.reports.samples import IN_A_HISTORY


def finding(*changes: tuple[str, str]) -> Finding:
    places = tuple(Occurrence(change, "a", 1, "1" * 40, "Ada", when) for change, when in changes)
    return IN_A_HISTORY._replace(occurrences=places)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-06T07:08:09+02:00", date(2024, 5, 6)),
        ("2024-05-06", date(2024, 5, 6)),
        ("2024-13-06", None),
        ("0000-01-01", None),
        ("20240506", None),
        ("\u0662024-01-01", None),
        ("", None),
        (None, None),
    ],
)
def test_days_are_read_from_dates(text: str | None, expected: date | None) -> None:
    assert day(text) == expected


def test_months_have_no_gaps() -> None:
    found = bars([finding(("introduced", "2023-11-30"), ("removed", "2024-02-01"))])
    assert found == [
        Bar("2023-11", 1, 0),
        Bar("2023-12", 0, 0),
        Bar("2024-01", 0, 0),
        Bar("2024-02", 0, 1),
    ]


def test_long_histories_have_wider_bars() -> None:
    for last, name in {
        "2030-01-01": "2020 Q1",
        "2050-01-01": "2020",
        "2090-01-01": "2020 to 2024",
    }.items():
        found = bars([finding(("introduced", "2020-01-01"), ("removed", last))])
        assert found[0].name == name
        assert len(found) <= 48


def test_what_stands_at_head_is_no_change() -> None:
    assert bars([finding(("head", "2024-01-01"))]) == []


@given(st.lists(st.tuples(st.sampled_from(["introduced", "removed"]), st.dates())))
def test_every_change_is_counted_once(changes: list[tuple[str, date]]) -> None:
    found = bars([finding(*((change, when.isoformat()) for change, when in changes))])
    assert sum(bar.introduced + bar.removed for bar in found) == len(changes)
    assert len(found) <= 101
    if found:
        assert drawing(found).count("<rect") == 2 * len(found)
        assert table(found).count("<tr>") >= 2
