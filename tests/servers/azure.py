"""Azure Key Vault secrets and Entra's token endpoint, written from their REST references
(https://learn.microsoft.com/rest/api/keyvault/secrets, https://learn.microsoft.com/entra/
identity-platform/v2-oauth2-client-creds-grant-flow), for want of an emulator that can be installed
here: API version 7.4, its limits, soft-delete, errors.

Where the references are silent, what the service was seen to answer: an empty value is taken
(https://github.com/james-gould/azure-keyvault-emulator/issues/386); a name that was deleted answers
409 with ObjectIsDeletedButRecoverable, and for a while after its recovery ObjectIsBeingRecovered
(https://github.com/Azure/azure-sdk-for-net/issues/31581).
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers.rest import Asked, RestServer, Told

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT, BOB = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee"
PASSWORD = "password of the application"
ASSERTION = "assertion of the cluster"
HEADER = "header of the managed identity"
TOKENS = {CLIENT: "token-of-ada", BOB: "token-of-bob"}
"""Of applications that may do anything, and nothing."""

RESOURCE = "https://vault.azure.net"
VERSION = "7.4"

_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
_SECRET = re.compile(r"/secrets/([^/]+)/?(\w*)")
_DELETED = re.compile(r"/deletedsecrets/([^/]+)(/recover)?")
_MOST_BYTES, _TAGS, _TAG_LENGTH, _PAGE = 25 * 1024, 15, 256, 25


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str, inner: str = "") -> None:
        error: dict[str, Any] = {"code": code, "message": message}
        if inner:
            error["innererror"] = {"code": inner}
        super().__init__(message)
        self.told = Told(status, {"error": error})


class KeyVault:
    """One vault. `denied` are actions that the caller may not do; `slow` counts how many requests
    for a name find it still being recovered, or deleted."""

    def __init__(self) -> None:
        self.secrets: dict[str, list[dict[str, Any]]] = {}
        self.deleted: dict[str, list[dict[str, Any]]] = {}
        self.denied: set[str] = set()
        self.firewall = False
        self.slow = 0
        self.password = PASSWORD
        self._busy: dict[str, tuple[str, int]] = {}
        self.url = ""

    def answer(self, asked: Asked) -> Told:
        if asked.path.endswith("/oauth2/v2.0/token") or asked.path.startswith("/metadata/"):
            return self._token(asked)
        try:
            return Told(200, self._route(asked))
        except Refused as refused:
            if refused.told.status != 401:
                return refused.told
            where = f'Bearer authorization="{self.url}/{TENANT}", resource="{RESOURCE}"'
            return refused.told._replace(headers={"WWW-Authenticate": where})

    def _token(self, asked: Asked) -> Told:
        given = asked.form()
        if asked.path.startswith("/metadata/"):
            known = asked.query.get("resource") == RESOURCE and (
                asked.headers.get("metadata") == "true"
                or asked.headers.get("x-identity-header") == HEADER
            )
        else:
            known = (
                asked.path == f"/{TENANT}/oauth2/v2.0/token"
                and given.get("client_id") in TOKENS
                and given.get("scope") == f"{RESOURCE}/.default"
                and (
                    given.get("client_secret") == self.password
                    or given.get("client_assertion") == ASSERTION
                )
            )
        if known:
            token = TOKENS[given.get("client_id", CLIENT)]
            body = {"token_type": "Bearer", "access_token": token, "expires_in": 3599}
            return Told(200, body)
        told = "AADSTS7000215: Invalid client secret provided."
        return Told(401, {"error": "invalid_client", "error_description": told})

    def _route(self, asked: Asked) -> Any:
        caller = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if caller not in TOKENS.values():
            raise Refused(401, "Unauthorized", "AKV10000: Request is missing a Bearer token.")
        if self.firewall:
            raise Refused(
                403, "Forbidden", "Client address is not authorized.", "ForbiddenByFirewall"
            )
        if caller == TOKENS[BOB]:
            raise Refused(403, "Forbidden", "Caller is not authorized.", "ForbiddenByRbac")
        if "api-version" not in asked.query:
            raise Refused(400, "BadParameter", "api-version must be specified")
        if asked.path == "/secrets" and asked.method == "GET":
            self._allow("readMetadata")
            rows = [_item(versions[-1], "") for _, versions in sorted(self.secrets.items())]
            return self._page("/secrets", rows, asked)
        if match := _DELETED.fullmatch(asked.path):
            return self._of_deleted(asked, match[1].lower(), bool(match[2]))
        match = _SECRET.fullmatch(asked.path)
        if match is None:
            raise Refused(404, "NotFound", "Resource not found")
        name, version = match[1], match[2]
        if not _NAME.fullmatch(name):
            raise Refused(400, "BadParameter", "The request URI contains an invalid name")
        if asked.method == "GET" and version == "versions":
            self._allow("readMetadata")
            rows = [_item(one, one["version"]) for one in self._of(name)]
            return self._page(asked.path, sorted(rows, key=lambda row: str(row["id"])), asked)
        if asked.method == "GET":
            self._allow("getSecret")
            return self._get(name, version)
        if asked.method == "PUT":
            self._allow("setSecret")
            return self._set(name, asked.json())
        if asked.method == "PATCH":
            self._allow("update")
            return self._patch(name, version, asked.json())
        self._allow("delete")
        versions = self._of(name)
        del self.secrets[name.lower()]
        self.deleted[name.lower()] = versions
        if self.slow:
            self._busy[name.lower()] = ("ObjectIsBeingDeleted", self.slow)
        return _bundle(versions[-1])

    def _allow(self, action: str) -> None:
        if action in self.denied:
            told = (
                "Caller is not authorized to perform action on resource.\r\n"
                f"Action: 'Microsoft.KeyVault/vaults/secrets/{action}/action'"
            )
            raise Refused(403, "Forbidden", told, "ForbiddenByRbac")

    def _of(self, name: str) -> list[dict[str, Any]]:
        state, left = self._busy.get(name.lower(), ("", 0))
        if name.lower() not in self.secrets or (state == "ObjectIsBeingRecovered" and left > 2):
            if left:
                self._busy[name.lower()] = (state, left - 1)
            raise Refused(
                404,
                "SecretNotFound",
                f"A secret with (name/id) {name} was not found in this key vault.",
            )
        return self.secrets[name.lower()]

    def _get(self, name: str, version: str) -> Any:
        versions = self._of(name)
        found = [one for one in versions if version in ("", one["version"])]
        if not found:
            raise Refused(404, "SecretNotFound", f"A secret with (name/id) {name}/{version} …")
        if not found[-1]["attributes"]["enabled"]:
            told = "Operation get is not allowed on a disabled secret."
            raise Refused(403, "Forbidden", told, "SecretDisabled")
        return {**_bundle(found[-1]), "value": found[-1]["value"]}

    def _set(self, name: str, body: dict[str, Any]) -> Any:
        key = name.lower()
        state, left = self._busy.get(key, ("", 0))
        if left > 0:
            self._busy[key] = (state, left - 1)
            raise Refused(
                409, "Conflict", f"Secret {name} is currently being …; retry later.", state
            )
        if key in self.deleted:
            told = f"Secret {name} is currently in a deleted but recoverable state."
            raise Refused(409, "Conflict", told, "ObjectIsDeletedButRecoverable")
        if not isinstance(body.get("value"), str):
            raise Refused(400, "BadParameter", "Property value is required")
        if len(body["value"].encode()) > _MOST_BYTES:
            raise Refused(400, "BadParameter", "Secret value is too long")
        _check(body)
        now = int(time.time())
        version = {
            "version": secrets.token_hex(16),
            "id": f"{self.url}/secrets/{name}",
            "value": body["value"],
            "contentType": body.get("contentType"),
            "tags": body.get("tags") or {},
            "attributes": {
                "enabled": True,
                "created": now,
                "updated": now,
                "recoveryLevel": "Recoverable",
                **{k: v for k, v in body.get("attributes", {}).items() if v is not None},
            },
        }
        self.secrets.setdefault(key, []).append(version)
        return {**_bundle(version), "value": version["value"]}

    def _patch(self, name: str, version: str, body: dict[str, Any]) -> Any:
        _check(body)
        found = [one for one in self._of(name) if version in ("", one["version"])][-1]
        changed = {k: v for k, v in body.get("attributes", {}).items() if v is not None}
        found["attributes"].update({**changed, "updated": int(time.time())})
        found["tags"] = body.get("tags", found["tags"])
        return _bundle(found)

    def _of_deleted(self, asked: Asked, key: str, recover: bool) -> Any:
        if key not in self.deleted:
            raise Refused(404, "SecretNotFound", "Deleted Secret not found")
        if asked.method == "POST" and recover:
            self._allow("recover")
            self.secrets[key] = self.deleted.pop(key)
            if self.slow:
                self._busy[key] = ("ObjectIsBeingRecovered", self.slow)
            return _bundle(self.secrets[key][-1])
        if asked.method == "DELETE":
            self._allow("purge")
            del self.deleted[key]
            return None
        return _bundle(self.deleted[key][-1])

    def _page(self, path: str, rows: list[Any], asked: Asked) -> Any:
        start = int(asked.query.get("$skiptoken") or 0)
        size = int(asked.query.get("maxresults") or _PAGE)
        if not 1 <= size <= _PAGE:
            raise Refused(400, "BadParameter", "maxresults must be between 1 and 25")
        more = start + size < len(rows)
        link = f"{self.url}{path}?api-version={VERSION}&$skiptoken={start + size}&maxresults={size}"
        return {"value": rows[start : start + size], "nextLink": link if more else None}


def _check(body: dict[str, Any]) -> None:
    tags = body.get("tags") or {}
    if len(tags) > _TAGS:
        raise Refused(400, "BadParameter", "Too many tags")
    if any(len(name) > _TAG_LENGTH or len(text) > _TAG_LENGTH for name, text in tags.items()):
        raise Refused(400, "BadParameter", "A tag is too long")


def _bundle(version: dict[str, Any]) -> dict[str, Any]:
    return _item(version, version["version"])


def _item(version: dict[str, Any], number: str) -> dict[str, Any]:
    row = {"id": version["id"] + (f"/{number}" if number else ""), "tags": version["tags"]}
    return {**row, "attributes": version["attributes"], "contentType": version["contentType"]}


class Azure:
    """A running vault, and the variables by which clients find it."""

    def __init__(self, folder: Path, *, tls: bool) -> None:
        self.vault = KeyVault()
        self.server = RestServer(self.vault.answer, folder, tls=tls)
        self._prefixes = 0
        self.vault.url = self.server.url
        self.folder = folder
        self.host = self.server.url.partition("://")[2]

    def fresh_prefix(self) -> str:
        """A prefix that no other test has."""
        self._prefixes += 1
        return f"test-{self._prefixes:05}"

    def environ(self, caller: str = "ada") -> dict[str, str]:
        """For `ada`, for `bob` who may do nothing, or for `nobody` with a wrong password."""
        return {
            **self.without_credentials(),
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": BOB if caller == "bob" else CLIENT,
            "AZURE_CLIENT_SECRET": "another" if caller == "nobody" else PASSWORD,
        }

    def without_credentials(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "AZURE_AUTHORITY_HOST": self.server.url,
            "REQUESTS_CA_BUNDLE": str(self.server.authority),
            # Nobody is there: a managed identity is found by a variable of its own.
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:1",
        }

    def with_cli(self) -> dict[str, str]:
        """With an `az` that is logged in."""
        program = self.folder / "bin" / "az"
        program.parent.mkdir(exist_ok=True)
        told = json.dumps({"accessToken": TOKENS[CLIENT], "expires_on": int(time.time()) + 3599})
        program.write_text(f"#!/bin/sh\necho '{told}'\n")
        program.chmod(0o755)
        environ = self.without_credentials()
        return {**environ, "PATH": f"{program.parent}:{environ['PATH']}"}


@contextmanager
def azure(folder: Path, *, tls: bool = True) -> Iterator[Azure]:
    """Runs the vault until the end of the block."""
    running = Azure(folder, tls=tls)
    with running.server.running():
        yield running
