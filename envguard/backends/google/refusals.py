"""What Secret Manager's errors mean (https://cloud.google.com/apis/design/errors), in our words: of
its own text only names of permissions, states and APIs are used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from envguard.backends.service.rest import Answer, HopelessError
from envguard.core.errors import BackendError

_ROLES = {
    "access": "roles/secretmanager.secretAccessor",
    "add": "roles/secretmanager.secretVersionAdder",
    "disable": "roles/secretmanager.secretVersionManager",
    "list": "roles/secretmanager.viewer",
    "get": "roles/secretmanager.viewer",
}
"""The least role that has a permission, by its last word
(https://cloud.google.com/secret-manager/docs/access-control); any other: admin."""

_ADMIN = "roles/secretmanager.admin"
_NOT_IN_FORCE = ("DISABLED", "DESTROYED")


class RefusedError(BackendError):
    """The caller may not do this."""


class UnknownCallerError(HopelessError):
    """The service does not take the credentials."""


def grant(project: str, permission: str) -> str:
    """The command that gives a permission, for the person who may."""
    role = _ROLES.get(permission.rpartition(".")[2], _ADMIN)
    return f"gcloud projects add-iam-policy-binding {project} --member=MEMBER --role={role}"


def state_of(answer: Answer) -> str:
    """`DISABLED` or `DESTROYED`, where that is why a version was not given; else empty."""
    if answer.status != 400 or _status(answer) != "FAILED_PRECONDITION":
        return ""
    text = str(_error(answer).get("message", ""))
    return next((state for state in _NOT_IN_FORCE if f"{state} state" in text), "")


def is_absent(answer: Answer) -> bool:
    """Whether the service, and not something in between, says that it is not there."""
    return answer.status == 404 and _status(answer) == "NOT_FOUND"


def is_conflict(answer: Answer) -> bool:
    """Whether somebody else was faster: there already, or another etag."""
    return answer.status in (409, 412) or _status(answer) in ("FAILED_PRECONDITION", "ABORTED")


def refusal(answer: Answer, permission: str, on: str, project: str) -> BackendError:
    """The error for an answer to a call that needs `permission` on a secret or project."""
    said = _error(answer)
    if answer.status == 401:
        return UnknownCallerError(
            "Google did not take the credentials: they have expired, or are of another kind",
            "gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS",
        )
    if answer.status == 403 and _reason(said) == "SERVICE_DISABLED":
        return RefusedError(
            f"the Secret Manager API is not switched on in {project}",
            f"gcloud services enable secretmanager.googleapis.com --project={project}",
        )
    if answer.status == 403:
        return RefusedError(f"Google refused {permission} on {on}", grant(project, permission))
    if answer.status == 404:
        return BackendError(
            f"Google knows no {on}", f"check the project and the location: gcp://{project}"
        )
    return BackendError(
        f"Google Secret Manager answered {answer.status} {_status(answer)} for {on}".rstrip(),
        "try again; if it stays so, look at https://status.cloud.google.com",
    )


def _error(answer: Answer) -> Mapping[str, Any]:
    found = answer.body.get("error")
    return found if isinstance(found, dict) else {}


def _status(answer: Answer) -> str:
    text = str(_error(answer).get("status", ""))
    return text if text.replace("_", "").isalpha() and len(text) < 40 else ""


def _reason(said: Mapping[str, Any]) -> str:
    details = said.get("details")
    if not isinstance(details, list):
        return ""
    return next(
        (str(one["reason"]) for one in details if isinstance(one, dict) and "reason" in one), ""
    )
