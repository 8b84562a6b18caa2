"""The door to AWS: one client of botocore, its errors in our words, its debug log without values.

botocore alone is used, and not boto3 above it: that is 0.02 s of each start. Calls are repeated by
us (`parallel.patiently`) and not by botocore, whose retries know no deadline.
"""

from __future__ import annotations

import functools
import logging
import re
import threading
from collections.abc import Mapping
from typing import Any

from envguard.backends.service import parallel
from envguard.backends.service.aws_errors import (
    CUT_OFF,
    Answer,
    in_words,
    is_lost,
    is_throttled,
)
from envguard.core.errors import ConfigError

CONNECTIONS = 16
"""How many calls run at once."""

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}")
_LOST_TWICE = 2  # how often a call is repeated where the connection breaks

_ALWAYS = {
    "GetSecretValue": ("VersionId",),
    "BatchGetSecretValue": ("SecretValues", "Errors"),
    "DescribeSecret": ("Name",),
    "ListSecrets": ("SecretList",),
    "ListSecretVersionIds": ("Versions",),
    "GetParameters": ("Parameters", "InvalidParameters"),
    "GetParameterHistory": ("Parameters",),
    "DescribeParameters": ("Parameters",),
    "PutParameter": ("Version",),
    "ListTagsForResource": ("TagList",),
}
"""Of which one at least is in every answer."""

_quiet = threading.local()


class _NoValues(logging.Filter):
    """Drops what botocore logs while one of our calls runs: parameters, bodies and headers, which
    hold values and session tokens."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - whatever it says
        return not getattr(_quiet, "on", False)


_NO_VALUES = _NoValues()
# Each logger for itself: a filter does not count for those below it.
_LOGGERS = (
    "auth",
    "awsrequest",
    "client",
    "endpoint",
    "hooks",
    "httpsession",
    "parsers",
    "regions",
)


class AwsClient:
    """One service in one region. Opened by its first call; threads may share it."""

    def __init__(self, service: str, region: str) -> None:
        self.service = service
        self.region = region
        self._lock = threading.Lock()
        self._client: Any = None

    def call(self, action: str, on: str, **given: Any) -> Mapping[str, Any]:
        """What an action (`GetSecretValue`) says; `on` names the secret in errors. Repeated where
        AWS throttles or a connection breaks. Raises AwsError."""
        client = self.opened()
        lost = 0

        def again(answer: Answer) -> float | None:
            nonlocal lost
            if is_throttled(answer):
                return answer.retry_after
            if is_lost(answer) and lost < _LOST_TWICE:
                lost += 1
                return 0
            return None

        answer = parallel.patiently(
            lambda: self._once(client, action, given), again, seconds=parallel.DEADLINE_SECONDS
        )
        if answer.error is None:
            return answer.said
        # Raised here, so that it carries no error of the library, which may quote a value.
        raise in_words(answer, self.service, self.region, action, on)

    def _once(self, client: Any, action: str, given: Mapping[str, Any]) -> Answer:
        from botocore import xform_name  # noqa: PLC0415 - an SDK
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
        from botocore.parsers import ResponseParserError  # noqa: PLC0415

        _quiet.on = True
        try:
            said = getattr(client, xform_name(action))(**given)
            # botocore takes the beginning of a JSON text for an answer that says nothing.
            if not any(member in said for member in _ALWAYS.get(action, said)):
                return Answer({}, error=CUT_OFF, kinds=(CUT_OFF,))
            return Answer(said)
        except ClientError as error:
            said = error.response
            headers = said.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            return Answer(
                {},
                error=type(error).__name__,
                code=str(said.get("Error", {}).get("Code", "")),
                status=int(said.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)),
                message=str(said.get("Error", {}).get("Message", "")),
                retry_after=_seconds(headers.get("retry-after", "")),
            )
        except (BotoCoreError, ResponseParserError, OSError, ValueError) as error:
            kinds = tuple(kind.__name__ for kind in type(error).__mro__)
            return Answer({}, error=type(error).__name__, kinds=kinds)
        finally:
            _quiet.on = False

    def opened(self) -> Any:
        """The client of botocore, with the credentials that are found when it is opened. Raises
        ConfigError and AwsError."""
        with self._lock:
            if self._client is None:
                self._client = _client(self.service, self.region)
            return self._client


def _client(service: str, region: str) -> Any:
    try:
        import botocore.session  # noqa: PLC0415 - an SDK
        from botocore import awsrequest  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "AWS needs a package that is not installed", "pip install 'envguard-cli[aws]'"
        ) from None
    for name in _LOGGERS:
        logging.getLogger(f"botocore.{name}").addFilter(_NO_VALUES)
    # http.client prints what it sends where a program has set its debuglevel.
    for kind in (awsrequest.AWSHTTPConnection, awsrequest.AWSHTTPSConnection):
        kind.debuglevel = 0
    problem = ""
    _quiet.on = True
    try:
        session = botocore.session.get_session()
        folders = session.get_config_variable("data_path")
        session.register_component("data_loader", _descriptions(service, folders))
        return session.create_client(
            service,
            region_name=region,
            config=Config(
                connect_timeout=parallel.CONNECT_SECONDS,
                read_timeout=parallel.ANSWER_SECONDS,
                retries={"total_max_attempts": 1, "mode": "standard"},
                max_pool_connections=CONNECTIONS,
            ),
        )
    except (BotoCoreError, ValueError) as error:
        problem = type(error).__name__
    finally:
        _quiet.on = False
    raise in_words(Answer({}, error=problem, kinds=(problem,)), service, region, "", "")


@functools.cache
def _descriptions(service: str, folders: str | None) -> Any:
    """What botocore knows of a service, read once in a process: constant files of its package.
    It would look at the folders of all services first, for 14 ms."""
    from botocore.loaders import create_loader  # noqa: PLC0415 - an SDK

    loader = create_loader(folders)
    loader.list_available_services = lambda *_, **__: [service]
    return loader


def checked_region(url: str, region: str, example: str) -> str:
    """A text that can be a region. Raises ConfigError."""
    if not _REGION.fullmatch(region):
        raise ConfigError(f"{url} names no region of AWS", f"write it like {example}")
    return region


def _seconds(text: str) -> float:
    return float(text) if text.isdigit() else 0
