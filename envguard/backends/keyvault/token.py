"""Tokens of Microsoft Entra, and the requests that give one."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from envguard.backends.service.rest import Answer, read_answer
from envguard.backends.service.session import BrokenError, Session
from envguard.core.secret import Secret

_CODE = re.compile(r"AADSTS\d{3,9}")
"""https://learn.microsoft.com/entra/identity-platform/reference-error-codes"""

_LIFE_SECONDS = 3599


class FailedError(Exception):
    """A link of the chain gives no token; says why, without what it was given."""


class RefusedError(FailedError):
    """A link that somebody has set up is refused: who calls must not become somebody else."""


class Token(NamedTuple):
    """What calls are made with, until `ends` (seconds of time.time)."""

    text: Secret
    ends: float


def ask(
    environ: Mapping[str, str],
    method: str,
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float,
) -> Token:
    """The token that an endpoint gives. Raises FailedError."""
    parts = urlsplit(url)
    # A machine's own metadata, in http, is behind no proxy.
    session = Session(
        f"{parts.scheme}://{parts.netloc}", environ if parts.scheme == "https" else {}
    )
    content = None if form is None else urlencode(form).encode()
    sent = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
    try:
        answer = read_answer(
            session.send(method, url, content, {**sent, **(headers or {})}, seconds=seconds)
        )
    except BrokenError as error:
        reason = f"{parts.netloc} {error.reason}"
    else:
        if answer.status == 200 and "access_token" in answer.body:
            return of_answer(answer.body)
        reason = _refused(answer)
    raise FailedError(reason)


def of_answer(body: Mapping[str, Any], name: str = "access_token") -> Token:
    """The token in an answer."""
    ends = _number(body.get("expires_on")) or time.time() + (
        _number(body.get("expires_in")) or _LIFE_SECONDS
    )
    return Token(Secret(str(body[name])), ends)


def _number(text: object) -> float:
    digits = str(text)
    return float(digits) if digits.isascii() and digits.isdigit() else 0.0


def _refused(answer: Answer) -> str:
    """Why a token was refused: of the text only its code is used."""
    code = _CODE.search(str(answer.body.get("error_description", "")))
    return f"refused with {answer.status} {code[0] if code else ''}".rstrip()
