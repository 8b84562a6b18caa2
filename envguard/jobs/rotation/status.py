"""rotation status: which secrets are due for a new value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from envguard.core.backend import Backend, Listing, Metadata, Versions
from envguard.core.dates import FORMAT, parse, period
from envguard.core.errors import UsageError
from envguard.core.expected import Expected

OK, SOON, OVERDUE, EXPIRED = "ok", "soon", "overdue", "expired"
"""How it stands with a secret."""

SOON_DAYS = 14
"""How long before it is due a secret is said to be due soon."""

_BEFORE_EXPIRY = 30  # days before its end a value without a period is due

# Periods where neither the secret nor the configuration names one, by its name (DESIGN: keys of
# language models 90 days, passwords of databases 30, service accounts 90).
_DEFAULTS = (
    (
        "a key of a language model",
        re.compile(
            r"(?i)(?:openai|anthropic|claude|gemini|mistral|cohere|groq|hf|hugging_?face|replicate"
            r"|llm|together|deepseek|perplexity|xai)(?:_\w+)?_?(?:key|token)"
        ),
        "90d",
    ),
    (
        "a database's password",
        re.compile(
            r"(?i)(?:db|database|postgres(?:ql)?|pg|mysql|maria\w*|mongo\w*|redis|sql)_?"
            r"(?:\w+_)?(?:pass(?:word|wd)?|pwd|url|uri|dsn)$"
        ),
        "30d",
    ),
    (
        "a service account",
        re.compile(r"(?i)service_?account|google_\w*credentials|gcp_\w*key"),
        "90d",
    ),
)


class Row(NamedTuple):
    """How it stands with one secret. `every` is a period, and `why` says where it is from; both
    are empty where nothing asks for a new value. Times are in `dates.FORMAT`."""

    name: str
    state: str
    changed: str
    due: str
    every: str
    why: str


def status(backend: Backend, expected: Mapping[str, Expected]) -> list[Row]:
    """Every secret of a backend, the most urgent first. Raises UsageError where it cannot list."""
    if not isinstance(backend, Listing):
        raise UsageError("this backend cannot list its secrets", "use one that can")
    today = datetime.now(timezone.utc)
    rows = [_row(backend, found, expected, today) for found in backend.list()]
    order = (EXPIRED, OVERDUE, SOON, OK)
    return sorted(rows, key=lambda row: (order.index(row.state), row.due or "~", row.name))


def is_in_order(rows: Sequence[Row]) -> bool:
    """Whether none of them is late."""
    return not any(row.state in (OVERDUE, EXPIRED) for row in rows)


def policy(name: str, told: str | None, expected: Mapping[str, Expected]) -> tuple[str, str]:
    """After which period a secret needs a new value, and who says so; both empty for never.
    `told` is what is kept with the secret itself."""
    if told:
        return told, "the secret"
    configured = expected.get(name)
    if configured is not None and configured.rotate_every:
        return configured.rotate_every, "[secrets]"
    for why, pattern, every in _DEFAULTS:
        if pattern.search(name):
            return every, why
    return "", ""


def _row(
    backend: Backend, found: Metadata, expected: Mapping[str, Expected], today: datetime
) -> Row:
    every, why = policy(found.name, found.rotate_every, expected)
    changed = _changed(backend, found)
    # Some backends know nothing but names.
    dates = [parse(changed) + period(every)] if every and changed else []
    if found.expires_at:
        end = parse(found.expires_at)
        # Some time before: but a value that lives for a week is not late when it is written.
        lead = min(timedelta(days=_BEFORE_EXPIRY), (end - parse(changed)) / 3)
        dates.append(end if every else end - lead)
        why = why or "its date"
    due = min(dates, default=None)
    state = OK
    if found.expires_at and parse(found.expires_at) <= today:
        state = EXPIRED
    elif due is not None and due <= today:
        state = OVERDUE
    elif due is not None and due <= today + timedelta(days=SOON_DAYS):
        state = SOON
    return Row(found.name, state, changed, due.strftime(FORMAT) if due else "", every, why)


def _changed(backend: Backend, found: Metadata) -> str:
    """When the value in force was written: a description changes nothing of that."""
    if isinstance(backend, Versions):
        versions = backend.versions(backend.locate(found.name))
        if versions:
            return versions[-1].created
    return found.updated
