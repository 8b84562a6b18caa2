"""Secrets of Secret Manager with what envguard keeps beside them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from envguard.backends.google import beside
from envguard.backends.google.calls import Calls
from envguard.backends.google.payload import payload, text
from envguard.backends.google.refusals import RefusedError, is_absent, is_conflict, state_of
from envguard.backends.google.rights import rights
from envguard.backends.service.notes import Notes
from envguard.backends.service.vendor import Fetched, Known, of_version
from envguard.core import dates
from envguard.core.backend import Right, Version
from envguard.core.errors import BackendError
from envguard.core.secret import Secret
from envguard.core.writes import Write

WORKERS = 34
"""A hundred references take three rounds."""

CALLS_A_SECOND = 1500
"""90,000 accesses a minute and project (https://cloud.google.com/secret-manager/quotas)."""

_RACES = 20
_RACE_PAUSE = 0.05
"""How often, and how many seconds apart, notes are written again that somebody else was faster
with."""

_VERSION = re.compile(r"[1-9][0-9]{0,17}|[A-Za-z][A-Za-z0-9_-]{0,62}")
"""A number, or an alias of one."""


class NotInForceError(BackendError):
    """A version is disabled or destroyed."""


class GoogleSecrets:
    """The secrets of a project, or of one of its locations. `replication` is where new ones are
    kept; None: in the location."""

    name = "Google Secret Manager"
    most_bytes = 65_536
    keeps_empty = False
    workers = WORKERS

    def __init__(self, calls: Calls, replication: Mapping[str, object] | None) -> None:
        self._calls = calls
        self._replication = replication

    def fetch(self, path: str, version: str | None) -> Fetched | None:
        """A value, checked by its checksum; None where it is not there. Raises BackendError, also
        for a version that is disabled or destroyed."""
        project = self._calls.project
        if version is not None and not _VERSION.fullmatch(version):
            raise BackendError(
                f"{path}@{version} names no version: they are numbers, from 1",
                f"gcloud secrets versions list {path} --project={project}",
            )
        at = f"{path}/versions/{version or 'latest'}"
        answer = self._calls.call("GET", f"/secrets/{at}:access")
        state = state_of(answer)
        if is_absent(answer) or (state and self._is_deleted(path)):
            return None
        if state:
            raise NotInForceError(
                f"{at} in {self._calls.parent} is {state.lower()}",
                f"gcloud secrets versions list {path} --project={project}, then pin one (@VERSION)"
                " or enable it",
            )
        body = self._calls.good(answer, "secretmanager.versions.access", at)
        return Fetched(Secret(text(at, body.get("payload") or {})), version=_last(body))

    def expiries(self) -> Mapping[str, str]:
        """The dates of the secrets that have one. A caller who may only access versions is not told
        them, and nothing is refused to him then."""
        wanted = f"labels.{beside.EXPIRES}={beside.YES}"
        found = self._calls.pages("/secrets", "secrets", quiet=True, wanted=wanted)
        told = {_last(secret): beside.date_of(secret) for secret in found}
        return {path: date for path, date in told.items() if date}

    def look(self, path: str) -> Known | None:
        """What is known of a secret."""
        secret = self._calls.secret(path)
        if secret is None or beside.is_deleted(secret):
            return None
        return beside.known(secret)

    def put(
        self,
        path: str,
        value: Secret,
        known: Known | None,
        notes: Notes,
        writes: Mapping[str, Secret],
    ) -> str:
        """Writes a value as a new version, where it is not the current one already: then an earlier
        write broke off, and is only noted."""
        secret = self._create(path, notes) if known is None else known.raw
        if known is not None and self._is_current(path, value):
            version = self.version(path) or ""
        else:
            data = {"payload": payload(value.reveal().encode())}
            answer = self._calls.call("POST", f"/secrets/{path}:addVersion", data, once=True)
            version = _last(self._calls.good(answer, "secretmanager.versions.add", path))
        self._note(path, secret, notes, of_version(writes, _number(version)))
        return version

    def note(self, path: str, known: Known, notes: Notes) -> None:
        """Writes the notes alone."""
        self._note(path, known.raw, notes, ())

    def version(self, path: str) -> str | None:
        """The number of the newest version."""
        answer = self._calls.call("GET", f"/secrets/{path}/versions/latest")
        if is_absent(answer):
            return None
        body = self._calls.good(answer, "secretmanager.versions.get", path)
        if body.get("state") != "ENABLED" and self._is_deleted(path):
            return None
        return _last(body)

    def between(self, path: str, known: Known, base: str, written: str) -> str | None:  # noqa: ARG002 - they are counted
        """The number before one, where that is not the one that was read."""
        last = _number(written) - 1
        return str(last) if last > _number(base) else None

    def versions(self, path: str) -> Sequence[Version]:
        """Every version that is enabled, oldest first."""
        found = [
            Version(_last(one), beside.seconds(str(one.get("createTime", ""))))
            for one in self._enabled(path)
        ]
        return found[::-1]

    def remove(self, path: str) -> bool:
        """Disables every version, and notes that the secret was deleted."""
        secret = self._calls.secret(path)
        if secret is None:
            return False
        there = list(self._enabled(path))
        for one in there:
            at = f"/secrets/{path}/versions/{_last(one)}:disable"
            self._calls.good(
                self._calls.call("POST", at, {}), "secretmanager.versions.disable", path
            )
        if not beside.is_deleted(secret):
            self._note(path, secret, beside.known(secret).notes, (), deleted=dates.now())
        return bool(there)

    def under(self, start: str) -> Iterator[tuple[str, Known]]:
        """Every secret whose name begins so."""
        for secret in self._calls.pages("/secrets", "secrets"):
            path = _last(secret)
            if path.startswith(start) and not beside.is_deleted(secret):
                yield path, beside.known(secret)

    def rights(self, path: str, *, write: bool) -> Sequence[Right]:
        """What the caller may do, tried at a path where nothing is."""
        return rights(self._calls, path, write=write, replication=self._replication)

    def _is_current(self, path: str, value: Secret) -> bool:
        """Whether the value is there already; who may not look adds a version all the same."""
        try:
            found = self.fetch(path, None)
        except (NotInForceError, RefusedError):
            return False
        return found is not None and found.value == value

    def _is_deleted(self, path: str) -> bool:
        answer = self._calls.call("GET", f"/secrets/{path}")
        return answer.status == 200 and beside.is_deleted(answer.body)

    def _enabled(self, path: str) -> Iterator[Mapping[str, Any]]:
        for one in self._calls.pages(f"/secrets/{path}/versions", "versions"):
            if one.get("state") == "ENABLED":
                yield one

    def _create(self, path: str, notes: Notes) -> Mapping[str, Any]:
        """A new secret without a version; one that is there (deleted here, or made just now by
        somebody else) as it is."""
        body: dict[str, object] = {**beside.kept({}, notes, (), dates.now())}
        if self._replication is not None:
            body["replication"] = self._replication
        answer = self._calls.call("POST", "/secrets", body, {"secretId": path})
        there = self._calls.secret(path) if answer.status == 409 else None
        return there or self._calls.good(answer, "secretmanager.secrets.create", path)

    def _note(
        self,
        path: str,
        secret: Mapping[str, Any],
        notes: Notes,
        told: tuple[Write, ...],
        *,
        deleted: str = "",
    ) -> None:
        """Writes notes over what is there now: by its etag, so that nobody's are lost."""
        for _ in range(_RACES):
            writes = (*beside.known(secret).writes, *told)
            body: dict[str, Any] = beside.kept(secret, notes, writes, dates.now())
            if deleted:
                body["annotations"][beside.DELETED] = deleted
            body["etag"] = secret.get("etag")
            mask = {"updateMask": "labels,annotations"}
            answer = self._calls.call("PATCH", f"/secrets/{path}", body, mask)
            if not is_conflict(answer):
                break
            time.sleep(_RACE_PAUSE)
            secret = self._calls.secret(path) or secret
        self._calls.good(answer, "secretmanager.secrets.update", path)


def _last(named: Mapping[str, Any]) -> str:
    return str(named.get("name", "")).rpartition("/")[2]


def _number(version: str) -> int:
    return int(version) if version.isascii() and version.isdigit() else 0
