"""What envguard keeps with each version of a secret in Key Vault: tags, and the date of expiry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

from envguard.backends.service.notes import EXPIRES_AT, PREFIX, Notes, read_notes
from envguard.backends.service.vendor import Known
from envguard.core import dates
from envguard.core.errors import UsageError
from envguard.core.writes import Write

_WRITE = f"{PREFIX}write"
_WRITE_TAGS, _WRITES_A_TAG = 4, 7
"""What a version remembers of the writes that made it: tags of `NUMBER TOKEN CONTENT …`."""

_MOST, _LONGEST = 15, 256
"""https://learn.microsoft.com/azure/key-vault/secrets/about-secrets#secret-tags"""


class Row(NamedTuple):
    """One version. `order` is its number where envguard wrote it: times are in whole seconds."""

    id: str
    created: str
    updated: str
    order: int
    enabled: bool
    notes: Notes
    writes: tuple[tuple[str, str], ...]
    raw: Mapping[str, Any]


def row(item: Mapping[str, Any]) -> Row:
    """A version as the service tells it."""
    attributes, tags = item.get("attributes") or {}, item.get("tags") or {}
    told = [str(text).split(" ") for name, text in tags.items() if name.startswith(_WRITE)]
    number = next((words[0] for words in told), "")
    writes = tuple(pair for words in told for pair in zip(words[1::2], words[2::2], strict=False))
    notes = read_notes(tags)._replace(expires_at=_iso(attributes.get("exp")))
    return Row(
        str(item.get("id", "")).rstrip("/").rpartition("/")[2],
        _iso(attributes.get("created")) or "",
        _iso(attributes.get("updated")) or "",
        int(number) if number.isdigit() else 0,
        bool(attributes.get("enabled", True)),
        notes,
        writes,
        item,
    )


def known(rows: Sequence[Row]) -> Known:
    """What the versions of one secret, oldest first and at least one, say of it."""
    last = rows[-1]
    numbered = list(enumerate(rows, start=1))
    return Known(
        version=max(len(rows), last.order),
        created=rows[0].created,
        updated=last.updated,
        notes=last.notes,
        writes=tuple(Write(*told, number) for number, one in numbered for told in one.writes),
        ids={number: one.id for number, one in numbered},
        raw=last.raw,
    )


def tags(
    before: Mapping[str, Any], notes: Notes, number: int, writes: Sequence[Write] | None = None
) -> dict[str, str]:
    """The tags of the version `number`, which `writes` made; None: it stays the version that it
    was. Tags of others stay. Raises UsageError where they are too many or too long."""
    had: Mapping[str, str] = before.get("tags") or {}
    texts = {name: text for name, text in notes.texts().items() if name != EXPIRES_AT}
    kept = {name: text for name, text in had.items() if not name.startswith(PREFIX)}
    if writes is None:
        texts |= {name: text for name, text in had.items() if name.startswith(_WRITE)}
    else:
        texts |= _written(number, writes)
    for name, text in texts.items():
        if len(text) > _LONGEST:
            raise UsageError(
                f"{name.removeprefix(PREFIX)} of {notes.key} has {len(text)} characters, and"
                f" Azure keeps at most {_LONGEST}",
                "write it shorter",
            )
    if len(kept) + len(texts) > _MOST:
        raise UsageError(
            f"{notes.key} has {len(kept)} tags of others, and Azure keeps at most {_MOST}",
            f"remove {len(kept) + len(texts) - _MOST} of them",
        )
    return {**kept, **texts}


def _written(number: int, writes: Sequence[Write]) -> dict[str, str]:
    pairs = [f"{write.token} {write.content}" for write in writes]
    starts = range(0, max(len(pairs), 1), _WRITES_A_TAG)
    return {
        _WRITE if start == 0 else f"{_WRITE}-{start}": " ".join(
            [str(number), *pairs[start : start + _WRITES_A_TAG]]
        )
        for start in starts[:_WRITE_TAGS]
    }


def attributes(notes: Notes) -> dict[str, object]:
    """The attributes of a version. A new one is enabled; one that somebody disabled stays so."""
    date = notes.expires_at
    return {"exp": int(dates.parse(date).timestamp())} if date else {}


def _iso(seconds: object) -> str | None:
    try:
        return datetime.fromtimestamp(float(str(seconds)), timezone.utc).strftime(dates.FORMAT)
    except (ValueError, OverflowError, OSError):
        return None  # none, or after the year 9999
