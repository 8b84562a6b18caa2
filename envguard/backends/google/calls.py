"""The REST calls of Secret Manager in one project or location, and what their answers mean
(https://cloud.google.com/secret-manager/docs/reference/rest)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from envguard.backends.google.refusals import is_absent, refusal
from envguard.backends.service.rest import Answer, Rest

_PAGE = "1000"


class Calls:
    """Calls below `projects/PROJECT` or `projects/PROJECT/locations/REGION`, named in `parent`."""

    def __init__(self, rest: Rest, project: str, location: str) -> None:
        self.project = project
        self.parent = f"projects/{project}" + (f"/locations/{location}" if location else "")
        self._rest = rest

    def call(
        self,
        method: str,
        where: str,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str] | None = None,
        *,
        once: bool = False,
    ) -> Answer:
        """One answer, whatever it is; `once`: a call that may have been done is not repeated."""
        return self._rest.call(method, f"/v1/{self.parent}{where}", query, body=body, once=once)

    def good(self, answer: Answer, permission: str, on: str) -> Mapping[str, Any]:
        """What an answer says. Raises BackendError where it is a refusal of `permission`."""
        if answer.status != 200:
            raise refusal(answer, permission, f"{self.parent}/secrets/{on}", self.project)
        return answer.body

    def secret(self, path: str) -> Mapping[str, Any] | None:
        """A secret without its values; None where it is not there."""
        answer = self.call("GET", f"/secrets/{path}")
        return None if is_absent(answer) else self.good(answer, "secretmanager.secrets.get", path)

    def pages(
        self, where: str, kind: str, *, quiet: bool = False, wanted: str = ""
    ) -> Iterator[Mapping[str, Any]]:
        """What every page of a listing of `kind` has, where it passes the filter `wanted`; nothing
        of what is not there, or (`quiet`) may not be listed."""
        query = {"pageSize": _PAGE, **({"filter": wanted} if wanted else {})}
        while True:
            answer = self.call("GET", where, None, query)
            if is_absent(answer) or (quiet and answer.status == 403):
                return
            on = where.removeprefix("/secrets").strip("/").partition("/")[0] or "*"
            body = self.good(answer, f"secretmanager.{kind}.list", on)
            yield from body.get(kind) or ()
            if not body.get("nextPageToken"):
                return
            query["pageToken"] = str(body["nextPageToken"])
