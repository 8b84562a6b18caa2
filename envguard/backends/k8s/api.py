"""The Secrets of one namespace by the API of Kubernetes: each call once, its refusals in words.

https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/ and
https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from envguard.backends.k8s import record
from envguard.backends.k8s.connection import JSON, Connection
from envguard.backends.k8s.record import Noted
from envguard.backends.service.rest import Answer, ThrottledError, UnreachableError
from envguard.core.errors import BackendError

MANAGER = "envguard"
"""Our name as the owner of fields:
https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers"""

WORKERS = 32
"""Connections at most: a cluster serves each user a share of its requests at once
(https://kubernetes.io/docs/concepts/cluster-administration/flow-control/)."""

_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"
# A listing without values: https://kubernetes.io/docs/reference/using-api/api-concepts/
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_PAGE = 500
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_USER = re.compile(r'User "([^"]+)"')

Object = Mapping[str, Any]


class ModifiedError(BackendError):
    """Somebody else changed the Secret in between, or it is not known whether we did."""


class Api:
    """Connects when it is first called. Threads may share it."""

    def __init__(self, namespace: str, environ: Mapping[str, str], context: str = "") -> None:
        self.namespace = namespace
        self._connection = Connection(environ, context, most=WORKERS)
        self._path = f"/api/v1/namespaces/{quote(namespace)}/secrets"

    def get(self, name: str) -> Object | None:
        """A Secret; None where there is none. Raises BackendError."""
        answer = self._connection.ask("GET", f"{self._path}/{name}")
        return self._found(answer, "get", name)

    def list(self, label: str) -> Iterator[Object]:
        """The metadata of all Secrets with a label. Raises BackendError."""
        query = {"labelSelector": label, "limit": str(_PAGE)}
        while True:
            answer = self._connection.ask(
                "GET", self._path, query=query, accept=f"{_METADATA},{JSON}"
            )
            page = self._found(answer, "list", "") or {}
            yield from page.get("items") or ()
            query["continue"] = (page.get("metadata") or {}).get("continue") or ""
            if not query["continue"]:
                return

    def create(self, body: Object, *, dry: bool = False) -> Object | None:
        """Makes a Secret; None where it is there already. Raises BackendError."""
        query = {"fieldManager": MANAGER, **({"dryRun": "All"} if dry else {})}
        answer = self._connection.ask("POST", self._path, body, query=query)
        if answer.status == 409:
            return None
        name = str(body["metadata"]["name"])
        if answer.status == 404 and _message(answer).startswith("namespaces"):
            raise BackendError(
                f"there is no namespace {self.namespace} in the cluster of {self.name}",
                f"kubectl create namespace {self.namespace}",
            )
        return self._found(answer, "create", name)

    def apply(self, name: str, body: Object, *, force: bool) -> Object:
        """Makes `body` what we own of a Secret that is as its resourceVersion says. Raises
        ModifiedError, BackendError."""
        query = {"fieldManager": MANAGER, **({"force": "true"} if force else {})}
        return self._patch(name, body, query, _APPLY)

    def take_out(self, name: str, body: Object) -> Object:
        """Merges `body`, whoever owns what it takes out. Raises as `apply`."""
        return self._patch(name, body, {"fieldManager": MANAGER}, _MERGE)

    def delete(self, found: Object) -> None:
        """Deletes a Secret that is as it was found. Raises ModifiedError, BackendError."""
        meta = found["metadata"]
        same = {key: meta[key] for key in ("uid", "resourceVersion")}
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": same}
        try:
            answer = self._connection.ask("DELETE", f"{self._path}/{meta['name']}", body)
        except UnreachableError:
            answer = Answer(409, {})
        if answer.status == 409:
            raise self._modified(str(meta["name"]))
        self._found(answer, "delete", str(meta["name"]))

    def may(self, verb: str, name: str) -> bool:
        """Whether the cluster lets us do that with a Secret (empty: with any). Raises
        BackendError."""
        asked = {"namespace": self.namespace, "verb": verb, "resource": "secrets", "name": name}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }
        answer = self._found(self._connection.ask("POST", _REVIEWS, body), verb, name)
        return bool(((answer or {}).get("status") or {}).get("allowed"))

    def record(self, found: Object) -> Noted:
        """What is noted beside the values of a Secret. Raises BackendError."""
        meta = found["metadata"]
        text = (meta.get("annotations") or {}).get(record.ANNOTATION) or ""
        return record.parse(str(text), self.namespace, str(meta["name"]))

    def rule(self, verbs: str, name: str) -> str:
        """The rule of a Role that gives a right."""
        only = f"resourceNames: [{name}], " if name and "create" not in verbs else ""
        return (
            f"add to a Role in {self.namespace}: "
            f'{{apiGroups: [""], resources: [secrets], {only}verbs: [{verbs}]}}'
        )

    @property
    def name(self) -> str:
        """The cluster, for people."""
        return self._connection.access.name

    def _patch(self, name: str, body: Object, query: Mapping[str, str], kind: str) -> Object:
        try:
            answer = self._connection.ask(
                "PATCH", f"{self._path}/{name}", body, query=query, kind=kind
            )
        except UnreachableError:
            answer = Answer(409, {})
        if answer.status in (404, 409):
            causes = (answer.body.get("details") or {}).get("causes") or ()
            owned = [cause for cause in causes if cause.get("reason") == "FieldManagerConflict"]
            if not owned:
                raise self._modified(name)
            fields = sorted({str(cause.get("field")).rpartition(".")[2] for cause in owned})
            owners = {
                str(cause.get("message")).partition('"')[2].partition('"')[0] for cause in owned
            }
            raise BackendError(
                f"{', '.join(fields)} of the Secret {name} in {self.namespace} is kept by "
                f"{', '.join(sorted(owners))}",
                "change it there, or take it over by ?force=true in the URL of the backend",
            )
        found = self._found(answer, "patch", name)
        if found is None:
            raise self._modified(name)
        return found

    def _modified(self, name: str) -> ModifiedError:
        return ModifiedError(
            f"the Secret {name} in {self.namespace} is changed by others all the time", "try again"
        )

    def _found(self, answer: Answer, verb: str, name: str) -> Object | None:
        """The body; None where there is no such Secret. Raises BackendError."""
        if 200 <= answer.status < 300 and answer.body.get("kind"):
            return answer.body
        if answer.status == 404 and _message(answer).startswith("secrets "):
            return None
        what = f"Secret {name} in {self.namespace}" if name else f"Secrets of {self.namespace}"
        if answer.status == 401:
            raise UnreachableError(
                f"the cluster of {self.name} does not accept these credentials",
                "log in to it again, and try: kubectl get namespaces",
            )
        if answer.status == 403:
            user = _USER.search(_message(answer))
            who = user[1] if user else "this user"
            raise BackendError(f"{who} may not {verb} the {what}", self.rule(verb, name))
        if answer.body.get("kind") != "Status":
            raise UnreachableError(
                f"the server of {self.name} is no API server of Kubernetes (HTTP {answer.status})",
                "kubectl cluster-info",
            )
        if answer.status in (429, 502, 503, 504):
            busy = "asks for patience" if answer.status == 429 else "has trouble"
            raise ThrottledError(
                f"the cluster of {self.name} {busy} (HTTP {answer.status})", "try again later"
            )
        raise BackendError(
            f"the cluster of {self.name} refuses to {verb} the {what} (HTTP {answer.status} "
            f"{answer.body.get('reason') or ''})".replace(" )", ")"),
            f"kubectl describe secret --namespace {self.namespace} {name}".rstrip(),
        )


def _message(answer: Answer) -> str:
    """What the server says; of a Secret it quotes names, and no value."""
    return str(answer.body.get("message") or "")
