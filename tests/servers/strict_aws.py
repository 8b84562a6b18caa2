"""The documented limits of AWS that moto does not keep, as a layer in front of it; and faults on
demand. What a limit is taken from stands beside it.

Calls are counted and faults are set for each access key, so that tests do not meet: a test takes
an access key of its own. Keys that begin with AKIAUNKNOWN or ASIAEXPIRED are refused as AWS does.
"""

from __future__ import annotations

import fnmatch
import io
import json
import re
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any

SM = "https://docs.aws.amazon.com/secretsmanager/latest"
SSM = "https://docs.aws.amazon.com/systems-manager/latest"

NOT_ENABLED = "af-south-1"
"""A region that an account must ask for first."""

Body = dict[str, Any]
App = Callable[..., Iterable[bytes]]


class Refused(Exception):
    """An error as AWS words it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class StrictAws:
    """The layer. `/-/calls` and `/-/faults` are for the tests (`moto.py`)."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._calls: dict[str, list[str]] = defaultdict(list)
        self._faults: dict[str, list[Body]] = defaultdict(list)
        self._recent: dict[str, deque[float]] = defaultdict(deque)
        self._born: dict[str, float] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: Body, start: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        path = environ["PATH_INFO"]
        if path.startswith("/-/"):
            return self._control(path, json.loads(body or b"{}"), start)
        found = re.search(r"=([^/]+)/\d+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        caller, region = found.groups() if found else ("", "")
        service, _, action = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
        if not action:
            action = (re.search(rb"Action=(\w+)", body) or [b"", b""])[1].decode()
        with self._lock:
            self._calls[caller].append(action)
        try:
            self._authorised(caller, region)
            given = json.loads(body) if body.startswith(b"{") else {}
            if self._interfered(caller, action, given, environ, body):
                return []
            answer = self._answered(service, action, given, caller, environ)
        except Refused as refused:
            told = {"__type": refused.code, "message": refused.message}
            return _send(start, refused.status, json.dumps(told).encode())
        if answer is not None:
            return _send(start, 200, json.dumps(answer).encode())
        status, said = self._asked(environ, body)
        return _send(start, status, said)

    # What moto says

    def _asked(self, environ: Body, body: bytes) -> tuple[int, bytes]:
        """moto's answer. What AWS refuses is status 400 there, always."""
        told: list[str] = []

        def start(status: str, *_: Any) -> Any:
            told.append(status)
            return lambda _: None

        own = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        said = b"".join(self._app(own, start))
        status = int(told[0].split()[0])
        return (400 if status in (403, 404) else status), said

    def _ask(self, environ: Body, action: str, given: Body) -> Body | None:
        """Another action of the same service; None where moto refuses."""
        service = environ["HTTP_X_AMZ_TARGET"].partition(".")[0]
        own = {**environ, "HTTP_X_AMZ_TARGET": f"{service}.{action}"}
        status, said = self._asked(own, json.dumps(given).encode())
        return json.loads(said) if status == 200 else None

    # Faults

    def _control(self, path: str, given: Body, start: Callable[..., Any]) -> Iterable[bytes]:
        caller = given["caller"]
        with self._lock:
            if path == "/-/faults":
                self._faults[caller] = given["faults"]
            said = self._calls.pop(caller, []) if path == "/-/calls" else []
        return _send(start, 200, json.dumps(said).encode())

    def _authorised(self, caller: str, region: str) -> None:
        if caller.startswith("AKIAUNKNOWN") or region == NOT_ENABLED:
            raise Refused(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            )
        if caller.startswith("ASIAEXPIRED"):
            raise Refused(
                "ExpiredTokenException", "The security token included in the request is expired"
            )

    def _interfered(
        self, caller: str, action: str, given: Body, environ: Body, body: bytes
    ) -> bool:
        """Does what the faults of the caller say; True where the connection is cut."""
        for fault in self._faults[caller]:
            if not fnmatch.fnmatch(action, fault.get("action", "*")):
                continue
            with self._lock:
                left = fault.get("times", -1)
                if left == 0:
                    continue
                fault["times"] = left - 1
            kind = fault["kind"]
            if kind == "slow":
                time.sleep(fault["seconds"])
            elif kind == "cut":
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                return True
            elif kind == "throttled":
                raise Refused("ThrottlingException", "Rate exceeded")
            elif kind == "broken":
                raise Refused("InternalServiceError", "An error occurred on the server side.", 500)
            elif kind == "echo":  # an error that quotes what was sent
                raise Refused("InvalidParameterException", f"Invalid: {body.decode()}")
            elif kind == "denied" and not (action == "BatchGetSecretValue" and "on" in fault):
                name = str(given.get("SecretId") or given.get("Name") or given.get("Names") or "*")
                if fnmatch.fnmatch(name, fault.get("on", "*")):
                    raise Refused("AccessDeniedException", _denial(action, name))
        return False

    # The actions that AWS answers otherwise than moto

    def _answered(
        self, service: str, action: str, given: Body, caller: str, environ: Body
    ) -> Body | None:
        """The answer where it is not simply moto's. Raises Refused."""
        if service == "secretsmanager":
            self._check_secret(action, given, environ)
            if action == "BatchGetSecretValue":
                return self._batch(given, caller, environ)
            if action == "ListSecretVersionIds":
                return self._versions(given, environ)
            if action == "GetSecretValue":
                return self._value(given, environ)
            if action == "PutSecretValue":
                self._move_labels(given, environ)
            if action == "UpdateSecret" and given.get("Description") == "":
                self._undescribe(given, environ)
        elif service == "AmazonSSM":
            self._check_rate(caller)
            _check_parameter(action, given)
        return None

    def _check_secret(self, action: str, given: Body, environ: Body) -> None:
        # See {SM}/apireference/API_CreateSecret.html, …/API_PutSecretValue.html
        name = given.get("Name", "") if action == "CreateSecret" else given.get("SecretId", "x")
        if not re.fullmatch(r"[A-Za-z0-9/_+=.@:-]{1,2048}", name) or (
            action == "CreateSecret" and (len(name) > 512 or ":" in name)
        ):
            raise Refused("ValidationException", "Invalid name. Must be a valid name.")
        if "SecretString" in given and "SecretBinary" in given:
            raise Refused("InvalidParameterException", "You can't specify both.")
        text = given.get("SecretString")
        if text is not None and not 1 <= len(text.encode()) <= 65536:
            raise Refused("ValidationException", "1 validation error: 'secretString' length")
        _check_tags(given.get("Tags", ()))
        stages = given.get("VersionStages", ())
        if len(stages) > 20 or any(not 1 <= len(stage) <= 256 for stage in stages):
            raise Refused("ValidationException", "1 validation error: 'versionStages'")
        if action == "RotateSecret" and not given.get("RotationLambdaARN"):
            told = self._ask(environ, "DescribeSecret", {"SecretId": name}) or {}
            if not told.get("RotationLambdaARN"):
                raise Refused("InvalidRequestException", "No Lambda rotation function ARN is set.")
        changes = ("PutSecretValue", "UpdateSecret", "TagResource", "UntagResource")
        if action in ("CreateSecret", *changes, "UpdateSecretVersionStage"):
            told = self._ask(environ, "DescribeSecret", {"SecretId": name}) or {}
            if told.get("DeletedDate"):
                raise Refused(
                    "InvalidRequestException",
                    "You can't create this secret because a secret with this name is already"
                    " scheduled for deletion."
                    if action == "CreateSecret"
                    else "You can't perform this operation on the secret because it was marked for"
                    " deletion.",
                )
            if action == "TagResource" and len(told.get("Tags", ())) + len(given["Tags"]) > 50:
                keys = {tag["Key"] for tag in (*told.get("Tags", ()), *given["Tags"])}
                if len(keys) > 50:
                    raise Refused("InvalidParameterException", "Too many tags.")

    def _batch(self, given: Body, caller: str, environ: Body) -> Body:
        # See {SM}/apireference/API_BatchGetSecretValue.html
        names = given.get("SecretIdList", [])
        if given.get("MaxResults") or given.get("Filters"):
            raise Refused("InvalidParameterException", "Filters: not needed here, so not made.")
        if not 1 <= len(names) <= 20:
            raise Refused("ValidationException", "'secretIdList' must have 1 to 20 members")
        faults = self._faults[caller]
        if not given.get("NextToken") and any(fault["kind"] == "paged" for fault in faults):
            return {"SecretValues": [], "Errors": [], "NextToken": "more"}  # "can occur even …"
        rules = [f["on"] for f in faults if f["kind"] == "denied" and "on" in f]
        denied = [name for name in names if any(fnmatch.fnmatch(name, rule) for rule in rules)]
        allowed = list(dict.fromkeys(name for name in names if name not in denied))
        told = self._ask(environ, "BatchGetSecretValue", {"SecretIdList": allowed}) or {}
        errors = told.get("Errors", []) + [
            {
                "SecretId": name,
                "ErrorCode": "AccessDeniedException",
                "Message": _denial("GetSecretValue", name),
            }
            for name in denied
        ]
        values = told.get("SecretValues", [])
        for value in values:
            value["CreatedDate"] = self._created(value["ARN"], value["VersionId"])
        return {"SecretValues": values, "Errors": errors}

    def _value(self, given: Body, environ: Body) -> Body:
        own = {**environ, "HTTP_X_AMZ_TARGET": "secretsmanager.GetSecretValue"}
        status, said = self._asked(own, json.dumps(given).encode())
        answer: Body = json.loads(said)
        if status != 200:
            raise Refused(answer.get("__type", "InternalFailure"), answer.get("message", ""))
        answer["CreatedDate"] = self._created(answer["ARN"], answer["VersionId"])
        return answer

    def _versions(self, given: Body, environ: Body) -> Body | None:
        # See {SM}/apireference/API_ListSecretVersionIds.html: without IncludeDeprecated only those
        # that have a label. moto breaks on a secret that is not there.
        if self._ask(environ, "DescribeSecret", {"SecretId": given["SecretId"]}) is None:
            raise Refused(
                "ResourceNotFoundException", "Secrets Manager can't find the specified secret."
            )
        told = self._ask(environ, "ListSecretVersionIds", given) or {}
        arn = (self._ask(environ, "DescribeSecret", {"SecretId": given["SecretId"]}) or {})["ARN"]
        shown = [
            {**version, "CreatedDate": self._created(arn, version["VersionId"])}
            for version in told["Versions"]
            if version["VersionStages"] or given.get("IncludeDeprecated")
        ]
        start = int(given.get("NextToken") or 0)
        end = start + int(given.get("MaxResults") or 100)
        page: Body = {"ARN": arn, "Name": told["Name"], "Versions": shown[::-1][start:end]}
        return page | ({"NextToken": str(end)} if end < len(shown) else {})

    def _created(self, arn: str, version: str) -> float:
        """When a version was first seen: moto gives only the second, or that of the asking."""
        with self._lock:
            return self._born.setdefault(f"{arn} {version}", time.time())

    def _move_labels(self, given: Body, environ: Body) -> None:
        """A label is on one version only: …/API_PutSecretValue.html, VersionStages."""
        told = self._ask(environ, "DescribeSecret", {"SecretId": given["SecretId"]}) or {}
        for version in told.get("VersionIdsToStages") or {}:
            self._created(told["ARN"], version)
        if given.get("ClientRequestToken") in (told.get("VersionIdsToStages") or {}):
            return
        for version, stages in (told.get("VersionIdsToStages") or {}).items():
            for stage in set(stages) & set(given.get("VersionStages", ())) - {"AWSCURRENT"}:
                self._ask(
                    environ,
                    "UpdateSecretVersionStage",
                    {
                        "SecretId": given["SecretId"],
                        "VersionStage": stage,
                        "RemoveFromVersionId": version,
                    },
                )

    def _undescribe(self, given: Body, environ: Body) -> None:
        """moto takes an empty description for none: …/API_UpdateSecret.html."""
        from moto.secretsmanager.models import secretsmanager_backends

        told = self._ask(environ, "DescribeSecret", {"SecretId": given["SecretId"]}) or {}
        _, _, _, region, account, *_ = told["ARN"].split(":")
        secretsmanager_backends[account][region].secrets[told["Name"]].description = ""

    def _check_rate(self, caller: str) -> None:
        # https://docs.aws.amazon.com/general/latest/gr/ssm.html: 40 transactions a second
        now = time.monotonic()
        with self._lock:
            recent = self._recent[caller]
            while recent and recent[0] < now - 1:
                recent.popleft()
            if len(recent) >= 40:
                raise Refused("ThrottlingException", "Rate exceeded")
            recent.append(now)


def _check_parameter(action: str, given: Body) -> None:
    # See {SSM}/APIReference/API_PutParameter.html
    if action != "PutParameter":
        return
    name, value = given["Name"], given["Value"]
    if not re.fullmatch(r"[A-Za-z0-9_./-]{1,1011}", name) or name.count("/") > 15:
        raise Refused("ValidationException", "Parameter name: only a mix of letters, numbers")
    if "/" in name and not name.startswith("/"):
        raise Refused("ValidationException", "Parameter name must be a fully qualified name.")
    if "{{" in value:
        raise Refused("ValidationException", "Parameter value can't nest another parameter.")
    largest = 8192 if given.get("Tier") == "Advanced" else 4096
    if len(value.encode()) > largest:
        raise Refused("ValidationException", f"a maximum parameter value of {largest} characters.")
    _check_tags(given.get("Tags", ()))


def _check_tags(tags: Iterable[Body]) -> None:
    # See {SM}/apireference/API_Tag.html; the characters: https://docs.aws.amazon.com/tag-editor
    for tag in tags:
        texts = (tag["Key"], tag["Value"])
        if not 1 <= len(tag["Key"]) <= 128 or len(tag["Value"]) > 256:
            raise Refused("InvalidParameterException", "The length of a tag is not valid.")
        if not all(re.fullmatch(r"[\w\s_.:/=+\-@]*", text) for text in texts):
            raise Refused("InvalidParameterException", "A tag has characters that are not valid.")


def _denial(action: str, name: str) -> str:
    return (
        f"User: arn:aws:iam::123456789012:user/ci is not authorized to perform:"
        f" secretsmanager:{action} on resource: {name} because no identity-based policy allows"
        f" the secretsmanager:{action} action"
    )


def _send(start: Callable[..., Any], status: int, said: bytes) -> Iterable[bytes]:
    headers = [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(said)))]
    start(f"{status} {'OK' if status == 200 else 'Error'}", headers)
    return [said]
