"""What can be told about a credential without telling it: whose it is, what kind, until when.

Asked for findings only. `DETAILS` names the functions for the rule files; each takes the value and
gives names with texts. Texts come from the tree: reports escape them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from envguard.core.secret import Secret
from envguard.detection.key_details import der_key, key, key_base64, putty_key
from envguard.detection.token_details import (
    aws,
    azure,
    bot,
    github,
    gitlab,
    grafana,
    jwt,
    nkey,
    onepassword,
    pypi,
    sentry,
    service_account,
    slack,
    vault,
)

if TYPE_CHECKING:
    from envguard.core.rule import Rule
    from envguard.detection.detector import Candidate

Details = Iterator[tuple[str, str]]

_LONGEST = 200  # characters of a text


def _shown(_: bytes) -> Details:
    """For parts that are no secret, as a user: `of` tells the value under the rule's title."""
    yield from ()


SHOWN = "shown"
"""The detail of a rule whose value itself may be told."""

DETAILS: Mapping[str, Callable[[bytes], Details]] = {
    "aws": aws,
    "azure": azure,
    "bot": bot,
    "der": der_key,
    "github": github,
    "gitlab": gitlab,
    "grafana": grafana,
    "jwt": jwt,
    "key": key,
    "key-base64": key_base64,
    "nkey": nkey,
    "onepassword": onepassword,
    "putty": putty_key,
    "pypi": pypi,
    "sentry": sentry,
    "service-account": service_account,
    SHOWN: _shown,
    "slack": slack,
    "vault": vault,
}
"""Every function by the name that rule files use."""


def of(candidate: Candidate) -> tuple[tuple[str, str], ...]:
    """The details of a candidate and of its parts, each name once."""
    told = dict(_told(candidate.rule, candidate.secret))
    for part in candidate.parts:
        details = dict(_told(part.rule, part.secret))
        if part.rule.detail is None or not part.rule.part:
            place = f"{part.secret.mask()}, line {candidate.line + part.lines}"
            details = {part.rule.title: place} | details
        told |= {name: text for name, text in details.items() if name not in told}
    return tuple((name, _cut(text)) for name, text in told.items())


def _told(rule: Rule, secret: Secret) -> Details:
    if rule.detail == SHOWN:
        yield rule.title, secret.reveal()
    elif rule.detail is not None:
        value = secret.reveal().encode("utf-8", "surrogateescape")
        yield from ((name, text) for name, text in DETAILS[rule.detail](value) if text)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
