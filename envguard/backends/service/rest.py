"""Calls to a service that speaks JSON, tried again where that is safe."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from envguard.backends.service.parallel import Pace, patiently
from envguard.backends.service.session import BrokenError, Response, Session
from envguard.core.errors import BackendError

_BUSY = (429, 503)
"""The service did not do it, and asks for patience: safe to repeat, whatever the call was."""

_FAILED = (408, 500, 502, 504)
"""Nobody knows whether it was done."""

_TRIES = 3
"""How often a call is begun whose connection breaks."""


class HopelessError(BackendError):
    """No other call will do better."""


class UnreachableError(HopelessError):
    """The service cannot be reached or does not answer."""


class ThrottledError(HopelessError):
    """The service asked for patience until the deadline."""


class Answer(NamedTuple):
    """What a service said. Without an answer `status` is 0, and `reason` says why. `wait` is how
    many seconds it asks for, 0 where it names none."""

    status: int
    body: Mapping[str, Any]
    wait: float = 0.0
    reason: str = ""

    def __repr__(self) -> str:
        return f"Answer({self.status})"


class Rest:
    """One service, for any number of threads. `base` is where the paths begin, `told` what it is
    called in errors, `login` gives the headers that say who calls; at most `most` calls run at the
    same time, at this `pace`; `extra` is the one of envguard's that brings urllib3."""

    def __init__(
        self,
        base: str,
        told: str,
        environ: Mapping[str, str],
        *,
        login: Callable[[], Mapping[str, str]],
        most: int,
        pace: Pace,
        extra: str,
    ) -> None:
        self._base = base.rstrip("/")
        self._told = told
        self._login = login
        self._pace = pace
        self._session = Session(base, environ, most=most, extra=extra)

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: Mapping[str, object] | None = None,
        once: bool = False,
    ) -> Answer:
        """One answer of the service, whatever its status. With `once` a call that may have been
        carried out is not repeated. Raises UnreachableError and ThrottledError."""
        url = f"{self._base}{path}" + (f"?{urlencode(query)}" if query else "")
        content = None if body is None else json.dumps(body).encode()

        def again(answer: Answer, tries: int) -> float | None:
            if answer.status in _BUSY:
                return answer.wait
            unsure = answer.status in _FAILED or (answer.status == 0 and tries < _TRIES)
            return answer.wait if unsure and not once else None

        answer = answered(lambda: self._send(method, url, content), again)
        if answer.status == 0:
            raise UnreachableError(
                f"{self._told} {answer.reason}",
                f"check the network, the address and HTTPS_PROXY: curl -I {self._base}",
            )
        if answer.status in _BUSY:
            raise ThrottledError(
                f"{self._told} asks for patience: it still answers {answer.status}",
                "try again later, or ask for a higher quota",
            )
        return answer

    def _send(self, method: str, url: str, content: bytes | None) -> Response:
        self._pace.wait()
        headers = {"Accept": "application/json", **self._login()}
        if content is not None:
            headers["Content-Type"] = "application/json"
        return self._session.send(method, url, content, headers)


def answered(send: Callable[[], Response], again: Callable[[Answer, int], float | None]) -> Answer:
    """The answer to a call, its connection broken or not. It is made again for as long as `again`
    gives seconds to wait before, out of the answer and how often the call was made."""
    tries = 0

    def once() -> Answer:
        nonlocal tries
        tries += 1
        try:
            return read_answer(send())
        except BrokenError as error:
            return Answer(0, {}, reason=error.reason)

    return patiently(once, lambda answer: again(answer, tries))


def read_answer(response: Response) -> Answer:
    """What a response says; no object is an empty one."""
    try:
        found = json.loads(response.data)
    except (ValueError, RecursionError):
        found = {}
    body = found if isinstance(found, dict) else {}
    return Answer(response.status, body, _seconds(response.headers))


def _seconds(headers: Mapping[str, str]) -> float:
    """What Retry-After asks for (RFC 9110, 10.2.3); a date counts as none."""
    text = headers.get("Retry-After") or ""
    return float(text) if text.isascii() and text.isdigit() else 0.0
