"""What is said about a secret, on the command line."""

from __future__ import annotations

from envguard.cli.declare import many, text
from envguard.cli.secrets_place import PlaceOptions
from envguard.core.backend import About
from envguard.core.dates import moment, now, period
from envguard.core.errors import UsageError

CATEGORIES = ("api_key", "token", "credential", "other")
"""What a secret can be filed under (DESIGN section 6)."""


class AboutOptions(PlaceOptions):
    """What is said about a secret."""

    description: str | None = text("--description", help="What it is for.")
    category: str | None = text("--category", choices=CATEGORIES, help="What kind it is.")
    tag: tuple[str, ...] = many("--tag", help="A word to find it by (repeatable; replaces all).")
    expires_at: str | None = text(
        "--expires-at", metavar="DATE", help="Not given out from then on: 2027-01-31, or 90d."
    )
    rotate_every: str | None = text(
        "--rotate-every", metavar="PERIOD", help="When a new value is due: 90d."
    )


def about_of(options: AboutOptions) -> About:
    """What the options say. Raises UsageError for a date or a period that is none."""
    dates = (options.expires_at, options.rotate_every)
    expires_at = moment(dates[0]) if dates[0] else dates[0]
    if expires_at and expires_at <= now():
        raise UsageError(f"{dates[0]} is over already", "name a later date, or use secrets delete")
    if dates[1]:
        period(dates[1])
    return About(options.description, options.category, options.tag or None, expires_at, dates[1])
