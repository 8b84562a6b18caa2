"""What envguard keeps with a secret of Secret Manager: annotations, and labels to find it by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from envguard.backends.service.notes import EXPIRES_AT, PREFIX, Notes, read_notes
from envguard.backends.service.vendor import Known
from envguard.core.errors import UsageError
from envguard.core.writes import Write

DELETED = f"{PREFIX}deleted"
"""When a secret was deleted here: its versions are disabled, and it counts as absent."""

_WRITES = f"{PREFIX}writes"
_REMEMBERED = 64

EXPIRES, YES = "envguard_expires", "yes"
"""The label of secrets that have a date, to ask for these alone: `labels.KEY=VALUE` is a filter of
the service (https://cloud.google.com/secret-manager/docs/filtering)."""

_MANAGED = {"managed-by": "envguard"}

_MOST_BYTES = 16 * 1024
"""Of all annotations (https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets)."""


def known(secret: Mapping[str, Any]) -> Known:
    """What a secret, as the service tells it, says."""
    annotations = secret.get("annotations") or {}
    writes = _writes(annotations.get(_WRITES, ""))
    created = seconds(str(secret.get("createTime", "")))
    return Known(
        version=writes[-1].version if writes else 0,
        created=created,
        updated=annotations.get(f"{PREFIX}updated", created),
        notes=read_notes(annotations),
        writes=writes,
        raw=secret,
    )


def kept(
    secret: Mapping[str, Any], notes: Notes, writes: tuple[Write, ...], updated: str
) -> dict[str, dict[str, str]]:
    """The labels and annotations of a secret after a change; those of others stay. Raises
    UsageError where they are too long."""
    others = {
        name: text
        for name, text in (secret.get("annotations") or {}).items()
        if not name.startswith(PREFIX)
    }
    labels = {**(secret.get("labels") or {}), **_MANAGED}
    labels.pop(EXPIRES, None)
    if notes.expires_at:
        labels[EXPIRES] = YES
    annotations = {**others, **notes.texts(), f"{PREFIX}updated": updated}
    if writes:
        annotations[_WRITES] = json.dumps(writes[-_REMEMBERED:], separators=(",", ":"))
    if sum(len(f"{name}{text}".encode()) for name, text in annotations.items()) >= _MOST_BYTES:
        raise UsageError(
            f"what is said about {notes.key} is longer than Google keeps: {_MOST_BYTES} bytes",
            "write a shorter --description, or fewer --tag",
        )
    return {"labels": labels, "annotations": annotations}


def date_of(secret: Mapping[str, Any]) -> str | None:
    """The date of expiry that a secret has."""
    date = (secret.get("annotations") or {}).get(EXPIRES_AT)
    return None if date is None else str(date)


def is_deleted(secret: Mapping[str, Any]) -> bool:
    """Whether it was deleted here."""
    return DELETED in (secret.get("annotations") or {})


def seconds(time: str) -> str:
    """A time of the service in dates.FORMAT."""
    return f"{time[:19]}Z" if len(time) >= 20 else ""


def _writes(text: str) -> tuple[Write, ...]:
    try:
        return tuple(Write(str(t), str(c), int(v)) for t, c, v in json.loads(text or "[]"))
    except (ValueError, TypeError, RecursionError):
        return ()
