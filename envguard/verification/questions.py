"""How a provider is asked about a token."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone

from envguard import __version__
from envguard.core.secret import Secret
from envguard.verification.asked import NotAskedError, Request, Token
from envguard.verification.aws import signed

Ask = Callable[[Token], Request]

_COMMON = {"Accept": "application/json", "User-Agent": f"envguard/{__version__}"}

# What can stand in a header; an exception of the library would quote anything else.
_SENDABLE = re.compile(r"[!-~]+")

_STS_HOST, _STS_REGION = "sts.amazonaws.com", "us-east-1"
_STS_BODY = b"Action=GetCallerIdentity&Version=2011-06-15"


def header(name: str, path: str, more: Mapping[str, str] | None = None) -> Ask:
    """Asks `GET path` with the token in a header of its own."""

    def ask(token: Token) -> Request:
        return Request(path, {**_COMMON, **(more or {}), name: _sendable(token.secret)})

    return ask


def bearer(path: str, method: str = "GET") -> Ask:
    """Asks with the token as a bearer's (RFC 6750, section 2.1)."""

    def ask(token: Token) -> Request:
        headers = {**_COMMON, "Authorization": f"Bearer {_sendable(token.secret)}"}
        return Request(path, headers, method)

    return ask


def by_prefix(questions: Mapping[str, Ask]) -> Ask:
    """The question for the kind of token that its first characters say; the first one counts."""

    def ask(token: Token) -> Request:
        value = token.secret.reveal()
        for prefix, question in questions.items():
            if value.startswith(prefix):
                return question(token)
        raise NotAskedError("not asked: nothing can be read with a token of this kind alone")

    return ask


def about_aws(token: Token, now: datetime | None = None) -> Request:
    """Asks whose an access key is, which needs no permission. The id and the secret, and for a
    temporary key its session token, are the token and its parts, in any order."""
    key_id = secret = session = None
    for value in (token.secret, *(part for _, part in token.parts)):
        text = value.reveal()
        if re.fullmatch(r"A[KS]IA[A-Z0-9]{16}", text):
            key_id = value
        elif re.fullmatch(r"[A-Za-z0-9/+]{40}", text):
            secret = value
        elif len(text) > 100:
            session = value
    if key_id is None or secret is None:
        raise NotAskedError("not asked: an access key is an id with its secret")
    if key_id.reveal().startswith("ASIA") and session is None:
        raise NotAskedError("not asked: a temporary key needs its session token")
    headers = {**_COMMON, "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    if session is not None:
        headers["X-Amz-Security-Token"] = _sendable(session)
    sign = signed(
        headers,
        _STS_BODY,
        key_id=key_id,
        secret=secret,
        host=_STS_HOST,
        region=_STS_REGION,
        service="sts",
        now=now or datetime.now(timezone.utc),
    )
    return Request("/", sign, "POST", _STS_BODY)


def _sendable(secret: Secret) -> str:
    value = secret.reveal()
    if not _SENDABLE.fullmatch(value):
        raise NotAskedError("not asked: no token has such characters")
    return value
