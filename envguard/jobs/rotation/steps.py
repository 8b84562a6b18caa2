"""rotate NAME: a new value in the place of an old one, step by step, each in the trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from secrets import token_hex
from typing import NamedTuple

from envguard.backends.local import LocalBackend
from envguard.core.backend import About, Backend, Described, Listing, Metadata, Rotating, Versions
from envguard.core.config import Folders
from envguard.core.dates import FORMAT, parse, period
from envguard.core.document import Document
from envguard.core.errors import BackendError, NotFoundError, UsageError
from envguard.core.expected import Expected
from envguard.core.secret import Secret
from envguard.detection.detector import GENERIC
from envguard.detection.prepare import standard
from envguard.jobs.rotation.status import policy

UPDATE, VERIFY, DONE = "rotate.update", "rotate.verify", "rotate.done"
"""Actions in the trail."""


_UNKNOWN = timedelta(days=90)
"""How long a new value lives where its old one gives no measure."""


class Provider(NamedTuple):
    """What is known of the old value: which kind it is, and where it is revoked; both empty where
    no rule knows it."""

    title: str = ""
    revoke: str = ""


class Rotated(NamedTuple):
    """What was done: the new version, what to revoke where, and the new date, if it has one."""

    version: str
    provider: Provider
    expires_at: str


def rotate(
    backend: Backend, name: str, value: Secret, expected: Mapping[str, Expected], folders: Folders
) -> Rotated:
    """Writes the new value, reads it back, and says what is left to do. A date of expiry moves on
    by the period of the secret, or by as long as it was from the last change to it.

    Raises NotFoundError, UsageError for the value that it has already, BackendError.
    """
    reference = backend.locate(name)
    before = _metadata(backend, name)
    old = backend.read([reference]).get(reference)
    if old is None:
        raise NotFoundError(f"there is no secret {name}", f"envguard secrets set {name}")
    if old == value:
        raise UsageError(f"{name} has this value already", "a rotation needs a new one")
    expires_at = _later(before, expected)
    token = token_hex(16)
    if expires_at and isinstance(backend, Described):
        backend.describe(reference, About(expires_at=expires_at), value, token=token)
    else:
        backend.write(reference, value, token=token)
    record(backend, UPDATE, name)
    if backend.read([reference]).get(reference) != value:
        raise BackendError(
            f"the backend does not give back what was written for {name}",
            f"envguard secrets history {name}",
        )
    record(backend, VERIFY, name)
    if isinstance(backend, Versions):
        version = backend.current([reference]).get(reference, "")
    else:
        after = _metadata(backend, name)
        version = "" if after is None else str(after.version)
    return Rotated(version, _provider(old, folders), expires_at)


def rotate_there(backend: Backend, name: str) -> str | None:
    """Lets the service make the new value, where it can; what it said. None where it cannot."""
    if not isinstance(backend, Rotating):
        return None
    return backend.rotate(backend.locate(name))


def done(backend: Backend, name: str) -> None:
    """Writes into the trail that the old value was revoked. Raises NotFoundError, and UsageError
    where no trail is kept."""
    if not isinstance(backend, LocalBackend):
        raise UsageError("this backend keeps no trail of ours", "write it down elsewhere")
    if _metadata(backend, name) is None:
        raise NotFoundError(f"there is no secret {name}", "envguard secrets list")
    record(backend, DONE, name)


def record(backend: Backend, action: str, name: str) -> None:
    """Writes a line of the trail, where the backend has one."""
    if isinstance(backend, LocalBackend):
        backend.record(action, [name])


def _metadata(backend: Backend, name: str) -> Metadata | None:
    if not isinstance(backend, Listing):
        return None
    wanted = backend.locate(name).name
    return next((row for row in backend.list() if row.name == wanted), None)


def _later(before: Metadata | None, expected: Mapping[str, Expected]) -> str:
    """The date of expiry of the new value; empty where the old one had none."""
    if before is None or not before.expires_at:
        return ""
    every, _ = policy(before.name, before.rotate_every, expected)
    span = period(every) if every else parse(before.expires_at) - parse(before.created)
    if span <= timedelta():  # the date was set to one that was over already
        span = _UNKNOWN
    return (datetime.now(timezone.utc) + span).strftime(FORMAT)


def _provider(old: Secret, folders: Folders) -> Provider:
    document = Document("", old.reveal().encode("utf-8", "surrogateescape"))
    for candidate in standard(folders.cache).candidates(document):
        if candidate.rule is not GENERIC and candidate.confidence("") is not None:
            return Provider(candidate.rule.title, candidate.rule.revoke)
    return Provider()
