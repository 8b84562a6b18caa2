"""The embedded store for Python programs: one organisation's secrets, with what is said of them.

from envguard import SecretsService

secrets = SecretsService(org_id="my-org")
secrets.set(name="STRIPE_KEY", value=key, category="api_key", expires_at="2027-01-31")
secrets.get("STRIPE_KEY")
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from envguard.backends.local import LocalBackend, open_local
from envguard.core.backend import About, Metadata
from envguard.core.config import Settings
from envguard.core.dates import moment, period
from envguard.core.errors import UsageError
from envguard.core.secret import Secret
from envguard.jobs import audit
from envguard.jobs.secrets import keeping, values
from envguard.store.keys import PASSPHRASE
from envguard.store.records import Line

CATEGORIES = ("api_key", "token", "credential", "other")
"""What a secret can be filed under."""


class SecretsService:
    """The secrets of one organisation (or project, or tenant): a namespace of its own in a store.

    Safe to use from several threads and processes: every call is a transaction. Every reading and
    every change is written into the store's trail. All calls raise EnvguardError: NotFoundError,
    ExpiredError, BackendError for a key that does not open the store and for a damaged one.
    """

    def __init__(
        self, org_id: str, *, path: str | os.PathLike[str] | None = None, key: str | None = None
    ) -> None:
        """Opens nothing yet; the first `set` makes the store. `path` is the store's file, without
        it the one of this user; `key` is its key or passphrase, without it ENVGUARD_KEY, or the
        home that the store names."""
        if not org_id:
            raise UsageError("an organisation needs an id", 'SecretsService(org_id="my-org")')
        settings = Settings.of(os.environ)
        self._settings = settings if key is None else settings._replace(key=key)
        self._url = "local:" if path is None else f"local://{Path(path).absolute()}"
        self._org = org_id
        self._backend = self._opened()

    def set(
        self,
        name: str,
        value: str,
        description: str | None = None,
        category: str | None = None,
        expires_at: str | datetime | None = None,
        tags: Sequence[str] | None = None,
        rotate_every: str | None = None,
    ) -> str:
        """Writes a value, and returns its version. What is not said stays as it is; an empty
        text takes a date or a period away. A time without a zone is in UTC."""
        if category is not None and category not in CATEGORIES:
            raise UsageError(f"there is no category {category!a}", f"use {', '.join(CATEGORIES)}")
        date = expires_at
        if isinstance(date, datetime):
            date = date.isoformat()
        if date:
            date = moment(date)
        if rotate_every:
            period(rotate_every)
        about = About(
            description, category, None if tags is None else tuple(tags), date, rotate_every
        )
        reference = self._backend.locate(name)
        _require_text(name, value)
        with self._backend.open(create=True) as store:
            return str(store.write(reference.name, Secret(value), about=about))

    def get(self, name: str) -> str:
        """The value of `NAME`, `NAME@VERSION` or `NAME#FIELD`."""
        return values.get(self._backend, name).reveal()

    def list(self) -> Sequence[Metadata]:
        """What is known of each secret, by name; no values."""
        return self._backend.list()

    def exists(self, name: str) -> bool:
        """Whether there is such a secret, expired or not."""
        return values.exists(self._backend, name)

    def delete(self, name: str, *, purge: bool = False) -> None:
        """Deletes a secret; its versions are kept, but with `purge`."""
        values.delete(self._backend, name, purge=purge)

    def rotate_key(self, new_key: str) -> None:
        """Encrypts the whole store anew, from now on under this passphrase. The old key opens
        nothing any more; ENVGUARD_KEY must be the new one for other processes."""
        keeping.rotate_key(self._backend, PASSPHRASE, Secret(new_key))
        self._settings = self._settings._replace(key=new_key)
        self._backend = self._opened()

    def audit(
        self, type: str = "", name: str = "", since: str = "", until: str = ""
    ) -> Sequence[Line]:
        """The lines of the trail about this organisation, the oldest first. `type` is an action
        such as `secret.read`, or `secret` for all of its kind; dates are as for `set`, but a
        period counts back from now."""
        wanted = audit.Filter(
            action=type,
            name=name,
            since=moment(since, back=True) if since else "",
            until=moment(until, back=True) if until else "",
        )
        return [line for _, line in audit.log(self._backend, wanted) if line.namespace == self._org]

    def _opened(self) -> LocalBackend:
        return open_local(self._url, self._settings, namespace=self._org)


def _require_text(name: str, value: object) -> None:
    """Raises UsageError for what could not be read back as the same text."""
    try:
        if isinstance(value, str):
            value.encode("utf-8", "surrogateescape")
            return
    except UnicodeEncodeError:
        pass
    raise UsageError(f"the value of {name} is no text", "give a str; of bytes: value.decode()")
