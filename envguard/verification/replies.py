"""What the answers of each provider mean, by its documentation."""

from __future__ import annotations

import json
import re
from typing import Any

from envguard.verification.asked import Answer, Response, State

ANTHROPIC = {"anthropic-version": "2023-06-01"}
"""What each request must name: https://docs.claude.com/en/api/versioning."""

Details = tuple[tuple[str, str], ...]


def github(response: Response) -> Answer:
    """https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api

    401 is `Bad credentials`; 403 also comes after too many of these, so it says nothing, but for
    a token that was recognised and may not look.
    """
    told = _object(response)
    if response.status == 200:
        scopes = ("scopes", response.headers.get("x-oauth-scopes", ""))
        return _live((*_details(told, account="login"), scopes))
    if response.status == 401:
        return _revoked("401, bad credentials")
    if response.status == 403 and str(told.get("message")).startswith("Resource not accessible"):
        return _live()
    return _unknown(response)


def gitlab(response: Response) -> Answer:
    """https://docs.gitlab.com/api/rest/authentication/ and RFC 6750, section 3.1.

    A GitLab of somebody's own gives out tokens of the same form, which gitlab.com does not know.
    """
    told = _object(response)
    if response.status == 200:
        if told.get("revoked") is True or told.get("active") is False:
            return _revoked("it is listed as not active")
        return _live(_details(told, account="user_id", name="name", expires="expires_at"))
    if response.status == 403 and told.get("error") == "insufficient_scope":
        return _live()
    if response.status == 401:
        said = str(told.get("error_description", "")).lower()
        if told.get("error") == "invalid_token" and ("revoked" in said or "expired" in said):
            return _revoked("401, revoked or expired")
        return _unknown(response, "does not know it; it may be another GitLab's")
    return _unknown(response)


_SLACK_GONE = ("account_inactive", "token_revoked", "token_expired")


def slack(response: Response) -> Answer:
    """https://docs.slack.dev/reference/methods/auth.test

    `invalid_auth` is no token at all, or one that may not be used from here.
    """
    told = _object(response)
    if response.status == 200 and told.get("ok") is True:
        return _live(_details(told, workspace="team", account="user", url="url"))
    error = str(told.get("error", ""))
    if response.status == 200 and error in _SLACK_GONE:
        return _revoked(error)
    if response.status == 200 and error == "invalid_auth":
        return _unknown(response, "says invalid_auth: no such token, or not from here")
    return _unknown(response)


def stripe(response: Response) -> Answer:
    """https://docs.stripe.com/api/errors

    401: no valid key; 403: the key lacks a permission, as restricted keys do.
    """
    told = _object(response)
    if response.status == 200:
        return _live(_details(told, account="id", email="email"))
    if response.status == 401:
        return _revoked("401, no valid key")
    if response.status == 403 and isinstance(told.get("error"), dict):
        return _live()
    return _unknown(response)


def aws(response: Response) -> Answer:
    """https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html

    A wrong signature says that the id exists; the clock, or a secret of another id, is wrong.
    """
    body = response.body.decode("utf-8", "replace")

    def element(name: str) -> str:
        # One that holds plain text, in XML or in JSON.
        found = re.search(rf'<{name}>([^<>]*)</{name}>|"{name}"\s*:\s*"([^"\\]*)"', body)
        return (found[1] or found[2] or "") if found else ""

    if response.status == 200 and element("Account"):
        return _live((("account", element("Account")), ("arn", element("Arn"))))
    code = element("Code")
    if response.status == 403 and code in ("InvalidClientTokenId", "ExpiredToken"):
        return _revoked(code)
    if code == "SignatureDoesNotMatch":
        return _unknown(response, "knows the id; this is not its secret, or the clock is wrong")
    return _unknown(response)


_OPENAI_GONE = ("invalid_api_key", "account_deactivated")


def openai(response: Response) -> Answer:
    """https://platform.openai.com/docs/guides/error-codes

    401 also comes for an address that is not allowed; 403 for a country, or a missing scope.
    """
    error = _object(response).get("error")
    error = error if isinstance(error, dict) else {}
    if response.status == 200:
        return _live((("organization", response.headers.get("openai-organization", "")),))
    if response.status == 401 and error.get("code") in _OPENAI_GONE:
        return _revoked(f"401, {error['code']}")
    if response.status in (401, 403) and "scopes" in str(error.get("message")).lower():
        return _live()
    return _unknown(response)


def anthropic(response: Response) -> Answer:
    """https://docs.claude.com/en/api/errors"""
    told = _object(response)
    error = told.get("error")
    kind = error.get("type") if isinstance(error, dict) else None
    whose: Details = (("organization", response.headers.get("anthropic-organization-id", "")),)
    if response.status == 200:
        return _live(_details(told, name="name") + whose)
    if response.status == 401 and kind == "authentication_error":
        return _revoked("401, authentication_error")
    if response.status == 403 and kind == "permission_error":
        return _live(whose)
    return _unknown(response)


def npm(response: Response) -> Answer:
    """https://docs.npmjs.com/cli/commands/npm-whoami"""
    if response.status == 200 and "username" in (told := _object(response)):
        return _live(_details(told, account="username"))
    return _revoked("401, unauthorized") if response.status == 401 else _unknown(response)


def sendgrid(response: Response) -> Answer:
    """https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/responses

    Every key may list its own scopes; 403 also comes for an address that is not allowed.
    """
    told = _object(response).get("scopes")
    if response.status == 200 and isinstance(told, list):
        return _live((("scopes", f"{len(told)}"),))
    return _revoked("401, no authorization") if response.status == 401 else _unknown(response)


def _live(details: Details = ()) -> Answer:
    return Answer(State.LIVE, "accepts it", details)


def _revoked(why: str) -> Answer:
    return Answer(State.REVOKED, f"refuses it ({why})")


def _unknown(response: Response, why: str = "") -> Answer:
    return Answer(State.UNKNOWN, why or f"answers {response.status}")


def _object(response: Response) -> dict[str, Any]:
    try:
        told = json.loads(response.body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _details(told: dict[str, Any], **names: str) -> Details:
    """Details by the names that they have in the answer; only texts and numbers."""
    found = ((name, told.get(field)) for name, field in names.items())
    return tuple((name, str(value)) for name, value in found if isinstance(value, (str, int)))
