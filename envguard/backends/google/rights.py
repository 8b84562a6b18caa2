"""What a caller may do in a project, found by trying: the service tests permissions only on a
secret that is there."""

from __future__ import annotations

from collections.abc import Sequence

from envguard.backends.google.calls import Calls
from envguard.backends.google.payload import payload
from envguard.backends.google.refusals import grant
from envguard.core.backend import Right

_ACCESS = "secretmanager.versions.access"
_LIST = "secretmanager.secrets.list"
_CREATE = "secretmanager.secrets.create"
_ADD = "secretmanager.versions.add"
_DISABLE = "secretmanager.versions.disable"


def rights(calls: Calls, path: str, *, write: bool, replication: object) -> Sequence[Right]:
    """The rights, tried at a path where nothing is; with `write` by a secret there, which is
    deleted for good."""
    version = f"/secrets/{path}/versions/1"
    answer = calls.call("GET", f"{version}:access")
    if answer.status == 401:
        calls.good(answer, _ACCESS, path)
    read = answer.status != 403 or _reads_one(calls, path.rpartition("envguard-check-")[0])
    listed = calls.call("GET", "/secrets", None, {"pageSize": "1"}).status != 403
    added: bool | None = None
    disabled: bool | None = None
    missing = _ADD
    if write:
        body = {} if replication is None else {"replication": replication}
        made = calls.call("POST", "/secrets", body, {"secretId": path}, once=True)
        added = made.status == 200
        missing = _ADD if added else _CREATE
        if added:
            data = {"payload": payload(b"envguard")}
            added = calls.call("POST", f"/secrets/{path}:addVersion", data).status == 200
            disabled = calls.call("POST", f"{version}:disable", {}).status != 403
            calls.call("DELETE", f"/secrets/{path}")
    found = (
        ("read", read, _ACCESS),
        ("write", added, missing),
        ("list", listed, _LIST),
        ("delete", disabled, _DISABLE),
    )
    return [Right(name, told, grant(calls.project, need)) for name, told, need in found]


def _reads_one(calls: Calls, start: str) -> bool:
    """Whether the first secret whose name begins so can be read: the right may be given on single
    secrets, and is then refused where there is none."""
    for secret in calls.pages("/secrets", "secrets", quiet=True):
        path = str(secret.get("name", "")).rpartition("/")[2]
        if path.startswith(start):
            return calls.call("GET", f"/secrets/{path}/versions/latest:access").status != 403
    return False
