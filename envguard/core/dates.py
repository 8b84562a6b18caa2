"""Dates and periods as people write them: `2027-01-31`, `90d`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from envguard.core.errors import UsageError

FORMAT = "%Y-%m-%dT%H:%M:%SZ"
"""ISO 8601 in UTC, to the second: texts of it sort as the times do."""

_PERIOD = re.compile(r"(\d{1,5})\s?(h|d|w|m|y)", re.IGNORECASE)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}


_LONGEST = timedelta(days=100 * 365)


def period(text: str) -> timedelta:
    """`90d`, `12h`, `2w`, `3m` (30 days each), `1y`; at most a hundred years. Raises UsageError."""
    found = _PERIOD.fullmatch(text.strip())
    hours = int(found[1]) * _HOURS[found[2].lower()] if found is not None else 0
    if not 0 < hours <= _LONGEST / timedelta(hours=1):
        raise UsageError(f"{text!a} is no period", "write a number of days: 90d")
    return timedelta(hours=hours)


def now() -> str:
    """This second, in FORMAT."""
    return datetime.now(timezone.utc).strftime(FORMAT)


def utc(time: datetime) -> str:
    """A time with a zone, in FORMAT."""
    return time.astimezone(timezone.utc).strftime(FORMAT)


def moment(text: str, today: datetime | None = None, *, back: bool = False) -> str:
    """A date (its beginning in UTC), a time, or a period from now on (`back`: until now), in
    FORMAT. Without a zone a time is in UTC. Raises UsageError."""
    hint = f"write 2027-01-31, or 90d {'until now' if back else 'from now'}"
    start = today or datetime.now(timezone.utc)
    try:
        if _PERIOD.fullmatch(text.strip()):
            found = start - period(text) if back else start + period(text)
        else:
            # Python 3.10 does not know the Z.
            found = datetime.fromisoformat(re.sub(r"[Zz]$", "+00:00", text.strip()))
        zoned = found if found.tzinfo is not None else found.replace(tzinfo=timezone.utc)
        told = zoned.astimezone(timezone.utc)
    except (ValueError, OverflowError, UsageError):
        raise UsageError(f"{text!a} is no date", hint) from None
    # strftime writes the year 999 with three digits, and such a text does not sort.
    return told.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def parse(text: str) -> datetime:
    """The time that a text in FORMAT says."""
    return datetime.strptime(text, FORMAT).replace(tzinfo=timezone.utc)
