"""Each provider's answers, as its documentation has them, and what they mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from envguard.core.secret import Secret
from envguard.detection import rulebook
from envguard.verification.asked import NotAskedError, Response, State, Token
from envguard.verification.providers import PROVIDERS, by_rule
from tests.detection.samples import ALNUM, letters, seeded

LIVE, REVOKED, UNKNOWN = State.LIVE, State.REVOKED, State.UNKNOWN
BODY = letters(seeded("token"), ALNUM, 40)


def response(status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> Response:
    text = body if isinstance(body, str) else json.dumps(body)
    return Response(status, headers or {}, b"" if body is None else text.encode())


def sts(code: str) -> str:
    return f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code></Error></ErrorResponse>"


IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult>"
    "<Arn>arn:aws:iam::123456789012:user/ada</Arn><Account>123456789012</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)

CASES = [
    (
        "github",
        response(200, {"login": "ada", "id": 1}, {"x-oauth-scopes": "repo"}),
        LIVE,
        {"account": "ada", "scopes": "repo"},
    ),
    ("github", response(401, {"message": "Bad credentials"}), REVOKED, {}),
    (
        "github",
        response(403, {"message": "Resource not accessible by integration"}),
        LIVE,
        {},
    ),
    ("github", response(403, {"message": "API rate limit exceeded"}), UNKNOWN, {}),
    (
        "gitlab",
        response(200, {"user_id": 3, "name": "ci", "active": True, "revoked": False}),
        LIVE,
        {"account": "3", "name": "ci"},
    ),
    ("gitlab", response(200, {"user_id": 3, "active": False, "revoked": True}), REVOKED, {}),
    (
        "gitlab",
        response(401, {"error": "invalid_token", "error_description": "Token was revoked."}),
        REVOKED,
        {},
    ),
    ("gitlab", response(401, {"message": "401 Unauthorized"}), UNKNOWN, {}),
    ("gitlab", response(403, {"error": "insufficient_scope"}), LIVE, {}),
    (
        "slack",
        response(200, {"ok": True, "team": "Shop", "user": "bot", "url": "https://s.slack.com"}),
        LIVE,
        {"workspace": "Shop", "account": "bot", "url": "https://s.slack.com"},
    ),
    ("slack", response(200, {"ok": False, "error": "token_revoked"}), REVOKED, {}),
    ("slack", response(200, {"ok": False, "error": "account_inactive"}), REVOKED, {}),
    ("slack", response(200, {"ok": False, "error": "invalid_auth"}), UNKNOWN, {}),
    ("slack", response(200, {"ok": False, "error": "internal_error"}), UNKNOWN, {}),
    (
        "stripe",
        response(200, {"id": "acct_1", "email": "a@b.example"}),
        LIVE,
        {"account": "acct_1", "email": "a@b.example"},
    ),
    ("stripe", response(401, {"error": {"type": "invalid_request_error"}}), REVOKED, {}),
    ("stripe", response(403, {"error": {"type": "invalid_request_error"}}), LIVE, {}),
    ("stripe", response(403, "<html>"), UNKNOWN, {}),
    (
        "aws",
        response(200, IDENTITY),
        LIVE,
        {"account": "123456789012", "arn": "arn:aws:iam::123456789012:user/ada"},
    ),
    ("aws", response(200, {"Account": "123456789012"}), LIVE, {"account": "123456789012"}),
    ("aws", response(403, sts("InvalidClientTokenId")), REVOKED, {}),
    ("aws", response(403, sts("ExpiredToken")), REVOKED, {}),
    ("aws", response(403, sts("SignatureDoesNotMatch")), UNKNOWN, {}),
    ("aws", response(403, sts("AccessDenied")), UNKNOWN, {}),
    (
        "openai",
        response(200, {"data": []}, {"openai-organization": "shop"}),
        LIVE,
        {"organization": "shop"},
    ),
    ("openai", response(401, {"error": {"code": "invalid_api_key"}}), REVOKED, {}),
    ("openai", response(401, {"error": {"code": "ip_not_authorized"}}), UNKNOWN, {}),
    (
        "openai",
        response(403, {"error": {"message": "Missing scopes: api.model.read"}}),
        LIVE,
        {},
    ),
    (
        "openai",
        response(403, {"error": {"code": "unsupported_country_region_territory"}}),
        UNKNOWN,
        {},
    ),
    (
        "anthropic",
        response(200, {"data": []}, {"anthropic-organization-id": "o-1"}),
        LIVE,
        {"organization": "o-1"},
    ),
    ("anthropic", response(200, {"id": "o-1", "name": "Shop"}), LIVE, {"name": "Shop"}),
    ("anthropic", response(401, {"error": {"type": "authentication_error"}}), REVOKED, {}),
    ("anthropic", response(403, {"error": {"type": "permission_error"}}), LIVE, {}),
    ("npm", response(200, {"username": "ada"}), LIVE, {"account": "ada"}),
    ("npm", response(401, {"message": "Unauthorized"}), REVOKED, {}),
    ("npm", response(200, {}), UNKNOWN, {}),
    ("sendgrid", response(200, {"scopes": ["mail.send"]}), LIVE, {"scopes": "1"}),
    ("sendgrid", response(401, {"errors": []}), REVOKED, {}),
    ("sendgrid", response(403, {"errors": []}), UNKNOWN, {}),
]


@pytest.mark.parametrize(
    ("name", "said", "state", "details"),
    CASES,
    ids=[
        f"{name}-{said.status}-{state.value}-{n}" for n, (name, said, state, _) in enumerate(CASES)
    ],
)
def test_an_answer_means_what_its_provider_says(
    name: str, said: Response, state: State, details: Mapping[str, str]
) -> None:
    answer = PROVIDERS[name].read(said)
    assert answer.state is state
    assert {key: text for key, text in answer.details if text} == details


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize(
    "said",
    [
        response(429, {"message": "too many"}),
        response(500, "<html>"),
        response(503),
        response(302, None, {"location": "https://other.example"}),
        response(200, "not JSON, and not what was asked for"),
        response(404, {}),
        response(403, "[" * 100_000),
    ],
    ids=lambda said: str(said.status),
)
def test_everything_else_is_unknown(name: str, said: Response) -> None:
    state = PROVIDERS[name].read(said).state
    if said.status == 200 and name in ("github", "stripe", "openai", "anthropic", "gitlab"):
        return  # that it answers 200 is what counts there
    assert state is UNKNOWN


TOKENS = {
    "github": ["ghp_", "gho_", "ghu_", "ghs_", "github_pat_"],
    "gitlab": ["glpat-"],
    "slack": ["xoxb-1-", "xoxp-1-", "xapp-1-"],
    "stripe": ["sk_live_", "rk_test_"],
    "openai": ["sk-proj-", "sk-admin-"],
    "anthropic": ["sk-ant-api03-", "sk-ant-admin01-"],
    "npm": ["npm_"],
    "sendgrid": ["SG."],
}


@pytest.mark.parametrize(("name", "prefixes"), TOKENS.items(), ids=TOKENS)
def test_a_question_carries_the_token_in_a_header_and_nowhere_else(
    name: str, prefixes: list[str]
) -> None:
    for prefix in prefixes:
        value = f"{prefix}{BODY}"
        request = PROVIDERS[name].ask(Token(PROVIDERS[name].rules[0], Secret(value)))
        assert request.path.startswith("/")
        assert value not in request.path
        assert value.encode() not in request.body
        assert sum(value in text for text in request.headers.values()) == 1
        assert value not in repr(request)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("github", "ghr_"),
        ("gitlab", "glrt-"),
        ("slack", "xoxc-"),
        ("slack", "xoxe-1-"),
        ("anthropic", "sk-ant-oat01-"),
    ],
)
def test_a_token_that_cannot_be_read_with_alone_is_not_sent(name: str, value: str) -> None:
    with pytest.raises(NotAskedError):
        PROVIDERS[name].ask(Token("any", Secret(value + BODY)))


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize("tail", ["a\r\nX-Other: 1", "a b", "é", "\0", ""])
def test_what_no_header_can_hold_is_not_sent(name: str, tail: str) -> None:
    value = TOKENS[name][0] + tail if tail else ""
    with pytest.raises(NotAskedError) as caught:
        PROVIDERS[name].ask(Token("any", Secret(value)))
    assert not tail or tail not in str(caught.value)


def test_every_rule_that_is_asked_about_is_a_built_in_one() -> None:
    known = {rule.id for rule in rulebook.load()}
    assert set(by_rule()) <= known
    for provider in PROVIDERS.values():
        assert provider.source.startswith("https://")
        assert "/" not in provider.host
