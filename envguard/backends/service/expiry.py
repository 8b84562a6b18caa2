"""Secrets past their date. Services keep the date and give the value all the same, so that we are
the ones who refuse."""

from __future__ import annotations

from collections.abc import Iterable

from envguard.core import dates
from envguard.core.config import Settings
from envguard.core.errors import ExpiredError


def refuse_expired(dated: Iterable[tuple[str, str | None]], settings: Settings) -> None:
    """Raises ExpiredError where one of these names is past a date (in dates.FORMAT; None: it has
    none), unless the settings allow it. A name may come with several dates, of versions or of
    fields: each counts."""
    today = dates.now()
    expired = list(dict.fromkeys(name for name, date in dated if date and date <= today))
    if expired and not settings.allow_expired:
        raise ExpiredError(
            f"{', '.join(expired)} {'have' if len(expired) > 1 else 'has'} expired",
            f"rotate it: envguard rotate {expired[0]}; or write a later date: "
            f"envguard secrets describe {expired[0]} --expires-at DATE",
        )
