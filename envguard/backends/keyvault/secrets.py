"""The calls of Key Vault secrets (https://learn.microsoft.com/rest/api/keyvault/secrets)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from envguard.backends.keyvault import tags
from envguard.backends.keyvault.refusals import (
    BUSY,
    DELETE,
    DELETED,
    DISABLED,
    GET,
    LIST,
    RECOVER,
    SET,
    UPDATE,
    Action,
    grant,
    inner_code,
    is_absent,
    refusal,
)
from envguard.backends.service.notes import Notes
from envguard.backends.service.parallel import patiently
from envguard.backends.service.rest import Answer, Rest
from envguard.backends.service.vendor import Fetched, Known, of_version
from envguard.core.backend import Right, Version
from envguard.core.errors import BackendError
from envguard.core.secret import Secret

WORKERS = 34
"""A hundred references take three rounds."""

CALLS_A_SECOND = 400
"""4,000 in 10 seconds and vault
(https://learn.microsoft.com/azure/key-vault/general/service-limits)."""

_API = "7.4"
_PAGE = "25"
_RECOVERY_SECONDS = 90
"""How long a name may be on its way back; Azure names no bound."""

_VERSION = re.compile(r"[0-9a-fA-F]{32}")


class VaultSecrets:
    """The secrets of one vault."""

    name = "Azure Key Vault"
    most_bytes = 25 * 1024
    keeps_empty = True
    workers = WORKERS

    def __init__(self, rest: Rest, vault: str) -> None:
        self._rest = rest
        self._vault = vault

    def fetch(self, path: str, version: str | None) -> Fetched | None:
        """A value with its date. Raises BackendError, also where it is disabled."""
        if version is not None and not _VERSION.fullmatch(version):
            raise BackendError(
                f"{path}@{version} names no version: they are 32 digits and letters",
                f"az keyvault secret list-versions --vault-name {self._vault} --name {path}",
            )
        body = self._bundle(path, version)
        if body is None:
            return None
        if "value" not in body:
            raise BackendError(f"{path} in {self._vault} came without a value", "try again")
        row = tags.row(body)
        return Fetched(Secret(str(body["value"])), row.notes.expires_at, row.id)

    def expiries(self) -> Mapping[str, str]:
        """Nothing: dates come with the values."""
        return {}

    def look(self, path: str) -> Known | None:
        """What is known of a secret, by its versions."""
        rows = self._rows(path)
        return tags.known(rows) if rows else None

    def put(
        self,
        path: str,
        value: Secret,
        known: Known | None,
        notes: Notes,
        writes: Mapping[str, Secret],
    ) -> str:
        """Writes a value as a new version, with its notes and tokens in the same call. A name that
        was deleted is recovered first, and its old value with it."""
        answer = self._set(path, value, known, notes, writes)
        if inner_code(answer) == DELETED:
            recovery = self._call("POST", f"/deletedsecrets/{path}/recover")
            if recovery.status not in (200, 404, 409):
                raise refusal(recovery, RECOVER, path, self._vault)
            answer = self._set(path, value, self._recovered(path), notes, writes)
        if inner_code(answer) in (*BUSY, DELETED):
            raise BackendError(
                f"{path} in {self._vault} is still on its way between deleted and there",
                "try again in a minute",
            )
        return tags.row(self._good(answer, SET, path)).id

    def note(self, path: str, known: Known, notes: Notes) -> None:
        """Writes the notes to the current version. A date that ends makes a new one: the service
        cannot take a date away."""
        if known.notes.expires_at and not notes.expires_at:
            found = self.fetch(path, None)
            if found is not None:
                self.put(path, found.value, known, notes, {})
                return
        body = {
            "tags": tags.tags(known.raw, notes, known.version),
            "attributes": tags.attributes(notes),
        }
        current = tags.row(known.raw).id
        self._good(self._call("PATCH", f"/secrets/{path}/{current}", body), UPDATE, path)

    def version(self, path: str) -> str | None:
        """The name of the version in force."""
        body = self._bundle(path, None)
        return None if body is None else tags.row(body).id

    def between(self, path: str, known: Known, base: str, written: str) -> str | None:  # noqa: ARG002 - names have no order
        """The name of the last one that was not known. Not told by its time, in whole seconds."""
        there = {*known.ids.values(), written}
        others = [row.id for row in self._rows(path) if row.id not in there]
        return others[-1] if others else None

    def versions(self, path: str) -> Sequence[Version]:
        """Every version that is enabled, oldest first."""
        return [Version(row.id, row.created) for row in self._rows(path) if row.enabled]

    def remove(self, path: str) -> bool:
        """Deletes a secret; the vault keeps it for its days of recovery."""
        answer = self._call("DELETE", f"/secrets/{path}")
        if is_absent(answer) or inner_code(answer) in (*BUSY, DELETED):
            return False
        self._good(answer, DELETE, path)
        return True

    def under(self, start: str) -> Iterator[tuple[str, Known]]:
        """Every secret whose name begins so, but those that belong to certificates."""
        for item in self._pages("/secrets"):
            path = str(item.get("id", "")).rstrip("/").rpartition("/")[2].lower()
            if path.startswith(start) and not item.get("managed"):
                yield path, tags.known([tags.row(item)])

    def rights(self, path: str, *, write: bool) -> Sequence[Right]:
        """What the caller may do; with `write` by a secret that is deleted and, where that is
        allowed, purged."""
        read = self._call("GET", f"/secrets/{path}")
        if read.status == 401:
            raise refusal(read, GET, path, self._vault)
        listed = self._call("GET", "/secrets", None, maxresults="1")
        made = removed = None
        if write:
            answer = self._call("PUT", f"/secrets/{path}", {"value": "envguard"})
            made = answer.status != 403
            if answer.status == 200:
                removed = self._call("DELETE", f"/secrets/{path}").status != 403
                self._call("DELETE", f"/deletedsecrets/{path}")
        found = (
            ("read", read.status != 403, GET),
            ("write", made, SET),
            ("list", listed.status != 403, LIST),
            ("delete", removed, DELETE),
        )
        return [Right(name, told, grant(self._vault, action)) for name, told, action in found]

    def _call(
        self, method: str, where: str, body: Mapping[str, object] | None = None, **query: str
    ) -> Answer:
        wanted = {"api-version": _API, **query}
        return self._rest.call(method, where, wanted, body=body, once=method == "PUT")

    def _good(self, answer: Answer, action: Action, on: str) -> Mapping[str, Any]:
        if answer.status != 200:
            raise refusal(answer, action, on, self._vault)
        return answer.body

    def _bundle(self, path: str, version: str | None) -> Mapping[str, Any] | None:
        answer = self._call("GET", f"/secrets/{path}/{version or ''}")
        if is_absent(answer):
            return None
        if inner_code(answer) == DISABLED:
            raise BackendError(
                f"{path} in {self._vault} is disabled",
                f"az keyvault secret set-attributes --vault-name {self._vault} --name {path}"
                " --enabled true",
            )
        return self._good(answer, GET, path)

    def _rows(self, path: str) -> list[tags.Row]:
        rows = [tags.row(item) for item in self._pages(f"/secrets/{path}/versions")]
        return sorted(rows, key=lambda row: (row.created, row.order))

    def _pages(self, where: str) -> Iterator[Mapping[str, Any]]:
        query = {"maxresults": _PAGE}
        while True:
            answer = self._call("GET", where, None, **query)
            if is_absent(answer):
                return
            body = self._good(answer, LIST, where.removeprefix("/secrets").strip("/") or "*")
            if "value" not in body:
                raise BackendError(f"a listing of {self._vault} came without its rows", "try again")
            yield from body["value"] or ()
            # Only its query is taken, so that a link leads nowhere else.
            query = dict(parse_qsl(urlsplit(str(body.get("nextLink") or "")).query))
            query.pop("api-version", None)
            if not query:
                return

    def _set(
        self,
        path: str,
        value: Secret,
        known: Known | None,
        notes: Notes,
        writes: Mapping[str, Secret],
    ) -> Answer:
        before = {} if known is None else known.raw
        number = 1 if known is None else known.version + 1
        body = {
            "value": value.reveal(),
            "contentType": before.get("contentType") or ("text/plain" if notes.key else _JSON),
            "attributes": tags.attributes(notes),
            "tags": tags.tags(before, notes, number, of_version(writes, number)),
        }
        return patiently(
            lambda: self._call("PUT", f"/secrets/{path}", body),
            lambda answer: answer.wait if inner_code(answer) in BUSY else None,
            seconds=_RECOVERY_SECONDS,
        )

    def _recovered(self, path: str) -> Known | None:
        """What is known of a secret, once it is back."""
        return patiently(
            lambda: self.look(path),
            lambda known: 0.0 if known is None else None,
            seconds=_RECOVERY_SECONDS,
        )


_JSON = "application/json"
