"""What is said about a secret, as a service keeps it beside the value: texts under names that
begin with `envguard-`. Nothing of a value is in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from envguard.core.backend import About

PREFIX = "envguard-"
KEY, EXPIRES_AT = f"{PREFIX}key", f"{PREFIX}expires-at"
_DESCRIPTION, _CATEGORY = f"{PREFIX}description", f"{PREFIX}category"
_TAGS, _ROTATE_EVERY = f"{PREFIX}tags", f"{PREFIX}rotate-every"

_OTHER = "other"


class Notes(NamedTuple):
    """`key` is the key of the program as it is written, empty for a JSON secret of many."""

    key: str = ""
    description: str = ""
    category: str = _OTHER
    tags: tuple[str, ...] = ()
    expires_at: str | None = None
    rotate_every: str | None = None

    def after(self, about: About) -> Notes:
        """The notes with what `about` says; an empty text takes away."""
        said = {field: value for field, value in about._asdict().items() if value is not None}
        for field in ("expires_at", "rotate_every"):
            if field in said:
                said[field] = said[field] or None
        return self._replace(**said)

    def texts(self) -> dict[str, str]:
        """The notes that say something, as texts by name."""
        said = {
            KEY: self.key,
            _DESCRIPTION: self.description,
            _CATEGORY: "" if self.category == _OTHER else self.category,
            _TAGS: json.dumps(self.tags, ensure_ascii=False) if self.tags else "",
            EXPIRES_AT: self.expires_at or "",
            _ROTATE_EVERY: self.rotate_every or "",
        }
        return {name: text for name, text in said.items() if text}


def read_notes(texts: Mapping[str, str]) -> Notes:
    """The notes that a service keeps; what somebody else changed into no note is left out."""
    try:
        tags = json.loads(texts.get(_TAGS, "[]"))
    except (ValueError, RecursionError):
        tags = []
    return Notes(
        texts.get(KEY, ""),
        texts.get(_DESCRIPTION, ""),
        texts.get(_CATEGORY, _OTHER),
        tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
        texts.get(EXPIRES_AT),
        texts.get(_ROTATE_EVERY),
    )
