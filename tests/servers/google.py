"""Google Secret Manager, written from its REST reference
(https://cloud.google.com/secret-manager/docs/reference/rest), for want of an emulator that can be
installed here: the paths of v1, global and regional, its limits, its errors, and OAuth's token.

Where the reference is silent, what the service was seen to answer: an empty payload is refused
("Field [payload] is required", https://github.com/hashicorp/terraform-provider-google/issues/10475);
`latest` is the newest version whatever its state, and a disabled one is FAILED_PRECONDITION
(https://github.com/external-secrets/external-secrets/issues/4042).
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tests.servers.rest import Asked, RestServer, Told

PROJECT = "shop-prod"
REFRESH, TOKEN = "refresh-token-of-ada", "token-of-ada"
"""Of a person; service accounts sign for themselves (https://google.aip.dev/auth/4111)."""

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"

_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
_PARENT = r"/v1/(?P<parent>projects/[^/]+(?:/locations/[^/]+)?)/secrets"
_COLLECTION = re.compile(_PARENT)
_SECRET = re.compile(_PARENT + r"/(?P<id>[^/:]+)(?::(?P<verb>\w+))?")
_VERSIONS = re.compile(_PARENT + r"/(?P<id>[^/:]+)/versions")
_VERSION = re.compile(_PARENT + r"/(?P<id>[^/:]+)/versions/(?P<version>[^/:]+)(?::(?P<verb>\w+))?")

_PAYLOAD, _ANNOTATIONS, _LABELS = 64 * 1024, 16 * 1024, 64


class Refused(Exception):
    def __init__(self, code: int, status: str, message: str, *details: Any) -> None:
        error = {"code": code, "status": status, "message": message, "details": list(details)}
        super().__init__(message)
        self.told = Told(code, {"error": error})


def _denied(permission: str, resource: str) -> Refused:
    return Refused(
        403,
        "PERMISSION_DENIED",
        f"Permission '{permission}' denied for '{resource}' (or it may not exist).",
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "IAM_PERMISSION_DENIED",
            "domain": "iam.googleapis.com",
            "metadata": {"permission": permission, "resource": resource},
        },
    )


def _permission(asked: Asked) -> str:
    return f"{asked.method.lower()} of {asked.path}"


class GoogleSecrets:
    """The service. `denied` are permissions that the caller has not, `granted` the only secrets
    that can be read (None: all); `corrupt` makes every access answer with a checksum that is not
    the payload's."""

    def __init__(self) -> None:
        self.secrets: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, list[dict[str, Any]]] = {}
        self.denied: set[str] = set()
        self.granted: set[str] | None = None
        self.corrupt = False
        self.keys: dict[str, rsa.RSAPublicKey] = {}
        self._etags = 0

    def answer(self, asked: Asked) -> Told:
        if asked.headers.get("metadata-flavor") == "Google":
            return _machine(asked.path)
        if asked.path == "/token":
            if asked.form().get("refresh_token") != REFRESH:
                return Told(400, {"error": "invalid_grant"})
            return Told(200, {"access_token": TOKEN, "expires_in": 3599})
        try:
            caller = self._caller(asked.headers.get("authorization", "").removeprefix("Bearer "))
            if not caller:
                raise Refused(401, "UNAUTHENTICATED", "Request had invalid authentication.")
            if caller != "ada" or not asked.path.startswith(f"/v1/projects/{PROJECT}/"):
                raise _denied(f"secretmanager.{_permission(asked)}", asked.path)
            return Told(200, self._route(asked))
        except Refused as refused:
            return refused.told

    def _caller(self, token: str) -> str:
        """Whose token it is; empty where nobody's."""
        if token == TOKEN:
            return "ada"
        try:
            head, claims, signature = (_decoded(part) for part in token.split("."))
            said = json.loads(claims)
            signed = token.rpartition(".")[0].encode()
            self.keys[said["iss"]].verify(signature, signed, PKCS1v15(), SHA256())
        except (ValueError, KeyError, InvalidSignature):
            return ""
        sound = (
            json.loads(head)["alg"] == "RS256" and said["iat"] < said["exp"] <= said["iat"] + 3600
        )
        meant = said.get("scope") == _SCOPE or "aud" in said
        return str(said["sub"]).partition("@")[0] if sound and meant else ""

    def _route(self, asked: Asked) -> Any:
        if match := _COLLECTION.fullmatch(asked.path):
            if asked.method == "POST":
                return self._create(match["parent"], asked.query.get("secretId", ""), asked.json())
            return self._list(match["parent"], asked.query)
        if match := _SECRET.fullmatch(asked.path):
            name = f"{match['parent']}/secrets/{match['id']}"
            if asked.method == "POST" and match["verb"] == "addVersion":
                return self._add(name, asked.json())
            if asked.method == "POST" and match["verb"] == "testIamPermissions":
                wanted = asked.json()["permissions"]
                return {"permissions": [one for one in wanted if one not in self.denied]}
            if asked.method == "GET":
                return self._of(name, "get")
            if asked.method == "PATCH":
                return self._patch(name, asked.query.get("updateMask", ""), asked.json())
            if asked.method == "DELETE":
                self._of(name, "delete")
                del self.secrets[name], self.versions[name]
                return {}
        if match := _VERSIONS.fullmatch(asked.path):
            name = f"{match['parent']}/secrets/{match['id']}"
            self._of(name, "list", "versions")
            rows = [_shown(one) for one in self.versions[name][::-1]]
            return _page(rows, asked.query, "versions")
        if match := _VERSION.fullmatch(asked.path):
            name = f"{match['parent']}/secrets/{match['id']}"
            return self._version(asked, name, match["version"], match["verb"])
        raise Refused(404, "NOT_FOUND", "The requested URL was not found.")

    def _allowed(self, permission: str, resource: str) -> None:
        if permission in self.denied:
            raise _denied(permission, resource)

    def _of(self, name: str, verb: str, kind: str = "secrets") -> dict[str, Any]:
        self._allowed(f"secretmanager.{kind}.{verb}", name)
        if name not in self.secrets:
            raise Refused(404, "NOT_FOUND", f"Secret [{name}] not found.")
        return self.secrets[name]

    def _etag(self) -> str:
        self._etags += 1
        return f'"{self._etags:x}"'

    def _create(self, parent: str, name: str, body: dict[str, Any]) -> Any:
        self._allowed("secretmanager.secrets.create", parent)
        if not _ID.fullmatch(name):
            raise Refused(400, "INVALID_ARGUMENT", "The secret id is not valid.")
        regional = "/locations/" in parent
        if regional == ("replication" in body):
            raise Refused(400, "INVALID_ARGUMENT", "Field [secret.replication] is wrong.")
        full = f"{parent}/secrets/{name}"
        if full in self.secrets:
            raise Refused(409, "ALREADY_EXISTS", f"Secret [{full}] already exists.")
        _check(body)
        kept = {**body, "name": full, "createTime": _now(), "etag": self._etag()}
        self.secrets[full] = kept
        self.versions[full] = []
        return kept

    def _list(self, parent: str, query: Mapping[str, str]) -> Any:
        self._allowed("secretmanager.secrets.list", parent)
        rows = [
            secret
            for name, secret in sorted(self.secrets.items())
            if name.startswith(f"{parent}/secrets/") and _fits(secret, query.get("filter", ""))
        ]
        return _page(rows, query, "secrets")

    def _patch(self, name: str, mask: str, body: dict[str, Any]) -> Any:
        secret = self._of(name, "update")
        if body.get("etag") not in (None, secret["etag"]):
            raise Refused(400, "FAILED_PRECONDITION", "The etag provided does not match.")
        fields = mask.split(",")
        if not mask or not set(fields) <= {"labels", "annotations"}:
            raise Refused(400, "INVALID_ARGUMENT", "Field [update_mask] is wrong.")
        changed = {field: body.get(field, {}) for field in fields}
        _check(changed)
        secret.update({**changed, "etag": self._etag()})
        return secret

    def _add(self, name: str, body: dict[str, Any]) -> Any:
        self._of(name, "add", "versions")
        payload = body.get("payload") or {}
        if not payload.get("data"):
            raise Refused(400, "INVALID_ARGUMENT", "Field [payload] is required.")
        try:
            data = base64.b64decode(payload["data"], validate=True)
        except binascii.Error:
            raise Refused(400, "INVALID_ARGUMENT", "Invalid base64.") from None
        if len(data) > _PAYLOAD:
            raise Refused(400, "INVALID_ARGUMENT", "The payload is larger than 64 KiB.")
        if "dataCrc32c" in payload and int(payload["dataCrc32c"]) != crc32c(data):
            raise Refused(400, "INVALID_ARGUMENT", "The checksum is not that of the payload.")
        version = {
            "name": f"{name}/versions/{len(self.versions[name]) + 1}",
            "createTime": _now(),
            "state": "ENABLED",
            "etag": self._etag(),
            "clientSpecifiedPayloadChecksum": "dataCrc32c" in payload,
            "data": data,
        }
        self.versions[name].append(version)
        return _shown(version)

    def _version(self, asked: Asked, name: str, number: str, verb: str | None) -> Any:
        action = verb or "get"
        full = f"{name}/versions/{number}"
        self._allowed(f"secretmanager.versions.{action}", full)
        if action == "access" and self.granted is not None and name not in self.granted:
            raise _denied("secretmanager.versions.access", full)
        versions = self.versions.get(name) or []
        if number == "latest":
            found = versions[-1] if versions else None
        else:
            at = int(number) if number.isdigit() else 0
            found = versions[at - 1] if 0 < at <= len(versions) else None
        if found is None:
            raise Refused(404, "NOT_FOUND", f"Secret Version [{full}] not found.")
        if asked.method == "GET" and verb is None:
            return _shown(found)
        if asked.method == "GET" and verb == "access":
            if found["state"] != "ENABLED":
                raise Refused(
                    400,
                    "FAILED_PRECONDITION",
                    f"Secret Version [{found['name']}] is in {found['state']} state.",
                )
            data = base64.b64encode(found["data"]).decode()
            sum_of = str(crc32c(found["data"]) ^ self.corrupt)
            return {"name": found["name"], "payload": {"data": data, "dataCrc32c": sum_of}}
        states = {"disable": "DISABLED", "enable": "ENABLED", "destroy": "DESTROYED"}
        if asked.method == "POST" and action in states:
            if found["state"] == "DESTROYED":
                raise Refused(400, "FAILED_PRECONDITION", "The version is in DESTROYED state.")
            found["state"] = states[action]
            return _shown(found)
        raise Refused(404, "NOT_FOUND", "The requested URL was not found.")


def _machine(path: str) -> Told:
    """The metadata server of a machine of Google's
    (https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys)."""
    start = "/computeMetadata/v1/"
    known: dict[str, Any] = {
        f"{start}instance/service-accounts/default/": {"email": "ada", "scopes": [_SCOPE]},
        f"{start}instance/service-accounts/default/token": {
            "access_token": TOKEN,
            "expires_in": 3599,
            "token_type": "Bearer",
        },
    }
    known[f"{start}instance/service-accounts/ada/token"] = known[
        f"{start}instance/service-accounts/default/token"
    ]
    there = path in ("/", "") or path in known
    return Told(200 if there else 404, known.get(path), {"Metadata-Flavor": "Google"})


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def crc32c(data: bytes) -> int:
    """By its definition (RFC 3720, appendix B.4), bit by bit, and not by the code under test."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def _check(body: Mapping[str, Any]) -> None:
    labels, annotations = body.get("labels", {}), body.get("annotations", {})
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            raise Refused(400, "INVALID_ARGUMENT", f"Label [{key}] is not valid.")
    size = sum(len(k.encode()) + len(v.encode()) for k, v in annotations.items())
    if len(labels) > _LABELS or size > _ANNOTATIONS:
        raise Refused(400, "INVALID_ARGUMENT", "Too many labels or annotations.")
    if any(not re.fullmatch(r"[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?", key) for key in annotations):
        raise Refused(400, "INVALID_ARGUMENT", "An annotation key is not valid.")


def _fits(secret: Mapping[str, Any], wanted: str) -> bool:
    """The part of https://cloud.google.com/secret-manager/docs/filtering that is used."""
    for term in wanted.split(" AND ") if wanted else ():
        if match := re.fullmatch(r"name:([\w-]+)", term):
            if match[1] not in secret["name"].rpartition("/")[2]:
                return False
        elif match := re.fullmatch(r"labels\.(\w+)=(\w+)", term):
            if secret.get("labels", {}).get(match[1]) != match[2]:
                return False
        else:
            raise Refused(400, "INVALID_ARGUMENT", f"Invalid filter: {term}")
    return True


def _page(rows: list[Any], query: Mapping[str, str], name: str) -> Any:
    start = int(query.get("pageToken") or 0)
    size = min(int(query.get("pageSize") or 100), 25000)
    page: dict[str, Any] = {name: rows[start : start + size], "totalSize": len(rows)}
    if start + size < len(rows):
        page["nextPageToken"] = str(start + size)
    return page


def _shown(version: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in version.items() if key != "data"}


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Google:
    """A running service, and the variables by which clients find it."""

    def __init__(self, folder: Path, *, tls: bool) -> None:
        self.service = GoogleSecrets()
        self.server = RestServer(self.service.answer, folder, tls=tls)
        self.folder = folder
        self._prefixes = 0
        for caller in ("ada", "bob", "nobody"):
            self._write_account(caller)
        self._write_user()

    def _write_account(self, caller: str) -> None:
        """The key file of a service account; the service knows no key of `nobody`."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        account = {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": caller,
            "private_key": pem.decode(),
            "client_email": f"{caller}@{PROJECT}.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": f"{self.server.url}/token",
        }
        (self.folder / f"{caller}.json").write_text(json.dumps(account))
        if caller != "nobody":
            self.service.keys[account["client_email"]] = key.public_key()

    def _write_user(self) -> None:
        """What `gcloud auth application-default login` leaves."""
        user = {
            "type": "authorized_user",
            "client_id": "1",
            "client_secret": "of the program",
            "refresh_token": REFRESH,
            "token_uri": f"{self.server.url}/token",
        }
        (self.folder / "user.json").write_text(json.dumps(user))

    def fresh_prefix(self) -> str:
        """A prefix that no other test has."""
        self._prefixes += 1
        return f"test-{self._prefixes:05}"

    def environ(self, caller: str = "ada", endpoint: str = "") -> dict[str, str]:
        """For `ada`, for `bob` who may do nothing, or for `nobody` whom Google does not know."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "GOOGLE_APPLICATION_CREDENTIALS": str(self.folder / f"{caller}.json"),
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": endpoint or f"{self.server.url}/",
            "REQUESTS_CA_BUNDLE": str(self.server.authority),
            "NO_GCE_CHECK": "true",
        }


@contextmanager
def google(folder: Path, *, tls: bool = True) -> Iterator[Google]:
    """Runs the service until the end of the block."""
    running = Google(folder, tls=tls)
    with running.server.running():
        yield running
