"""What is written beside the values of a Secret: an annotation with the versions, times, dates and
descriptions of its keys, and no value.

The annotation belongs to whoever may read the Secret, as its values do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from envguard.core.backend import About, Metadata
from envguard.core.errors import BackendError
from envguard.core.secret import Secret
from envguard.core.writes import Write, remembered

ANNOTATION = "envguard/keys"

MOST_BYTES = 256 << 10
"""Bytes of all annotations together:
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/"""


class Kept(NamedTuple):
    """What is known of one key. `name` is what the program calls it, where the Secret's own name
    does not say so."""

    version: int = 0
    created: str = ""
    updated: str = ""
    name: str = ""
    writes: tuple[Write, ...] = ()
    description: str = ""
    category: str = "other"
    tags: tuple[str, ...] = ()
    expires_at: str | None = None
    rotate_every: str | None = None

    def written(self, value: Secret, token: str, now: str, name: str) -> Kept:
        """The same after a write."""
        version = self.version + 1
        return self._replace(
            version=version,
            created=self.created or now,
            updated=now,
            name=name,
            writes=remembered(self.writes, value, token, version),
        )

    def described(self, about: About) -> Kept:
        """The same with what is said anew."""
        changes: dict[str, Any] = {
            key: said for key, said in about._asdict().items() if said is not None
        }
        for key in ("expires_at", "rotate_every"):
            if changes.get(key) == "":
                changes[key] = None
        if changes.get("category") == "":
            changes["category"] = "other"
        return self._replace(**changes)

    def metadata(self, name: str) -> Metadata:
        """The same as others know it."""
        return Metadata(
            name,
            self.version,
            self.created,
            self.updated,
            self.description,
            self.category,
            self.tags,
            self.expires_at,
            self.rotate_every,
        )


Noted = Mapping[str, Kept]
"""What is known of the keys of one Secret."""

_DEFAULTS = Kept()._asdict()


def parse(text: str, namespace: str, name: str) -> Noted:
    """What the annotation of a Secret says; empty text: nothing. Raises BackendError."""
    if not text:
        return {}
    try:
        return {key: _kept(one) for key, one in json.loads(text).items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BackendError(
            f"the annotation {ANNOTATION} of the Secret {name} is damaged",
            f"remove it: kubectl annotate --namespace {namespace} secret {name} {ANNOTATION}-",
        ) from None


def dump(noted: Noted) -> str:
    """The text of the annotation."""
    keys = {
        key: {name: said for name, said in kept._asdict().items() if said != _DEFAULTS[name]}
        for key, kept in sorted(noted.items())
    }
    return json.dumps(keys, ensure_ascii=False, separators=(",", ":"))


def _kept(said: Mapping[str, Any]) -> Kept:
    known = {key: value for key, value in said.items() if key in _DEFAULTS}
    made = Kept(**known)
    return made._replace(
        version=int(made.version),
        tags=tuple(map(str, made.tags)),
        writes=tuple(Write(*one) for one in made.writes),
    )
