"""Dates and periods as people write them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from envguard.core.dates import FORMAT, moment, now, parse, period
from envguard.core.errors import UsageError

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "days"),
    [("90d", 90), ("2w", 14), ("3m", 90), ("1y", 365), ("48h", 2), ("90D", 90), (" 7 d ", 7)],
)
def test_a_period_is_a_number_of_days(text: str, days: int) -> None:
    assert period(text) == timedelta(days=days)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2027-01-31", "2027-01-31T00:00:00Z"),
        ("2027-01-31T10:00", "2027-01-31T10:00:00Z"),
        ("2027-01-31T10:00:00Z", "2027-01-31T10:00:00Z"),
        ("2027-01-31T10:00:00+02:00", "2027-01-31T08:00:00Z"),
        ("90d", "2026-05-30T12:00:00Z"),
        ("1h", "2026-03-01T13:00:00Z"),
    ],
)
def test_a_moment_is_a_date_a_time_or_a_period_from_now(text: str, found: str) -> None:
    assert moment(text, NOON) == found
    assert parse(found).strftime(FORMAT) == found


def test_a_period_counts_back_where_that_is_asked_for() -> None:
    assert moment("7d", NOON, back=True) == "2026-02-22T12:00:00Z"
    assert moment("2027-01-31", NOON, back=True) == "2027-01-31T00:00:00Z"


def test_texts_of_times_sort_as_the_times_do() -> None:
    assert moment("0999-01-01") == "0999-01-01T00:00:00Z" < now()


@pytest.mark.parametrize("text", ["9999-12-31T23:59-12:00", "0001-01-01T00:00+12:00"])
def test_a_time_beyond_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no date"):
        moment(text)


@pytest.mark.parametrize(
    "text", ["", "soon", "31.1.2027", "2027-13-01", "d", "90", "-1d", "0d", "99999y"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no date"):
        moment(text)
    with pytest.raises(UsageError, match="no period"):
        period(text)
