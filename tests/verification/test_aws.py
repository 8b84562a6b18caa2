"""Signatures against the published test suite of Signature Version 4."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone

import pytest

from envguard.core.secret import Secret
from envguard.verification.asked import NotAskedError, Token
from envguard.verification.aws import signed
from envguard.verification.questions import about_aws
from tests.detection.samples import ALNUM, expand, letters, seeded

# The credentials, the time and the results of the suite's cases post-vanilla and
# post-x-www-form-urlencoded ("AWS Signature Version 4 Test Suite", AWS General Reference).
KEY_ID, KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCY" + "EXAMPLEKEY"
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("headers", "body", "names", "signature"),
    [
        (
            {},
            b"",
            "host;x-amz-date",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            {"Content-Type": "application/x-www-form-urlencoded"},
            b"Param1=value1",
            "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ],
)
def test_a_request_is_signed_as_the_suite_says(
    headers: Mapping[str, str], body: bytes, names: str, signature: str
) -> None:
    found = signed(
        headers,
        body,
        key_id=Secret(KEY_ID),
        secret=Secret(KEY),
        host="example.amazonaws.com",
        region="us-east-1",
        service="service",
        now=NOW,
    )
    assert found["Authorization"] == (
        f"AWS4-HMAC-SHA256 Credential={KEY_ID}/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={names}, Signature={signature}"
    )


def key_id(prefix: str = "AKIA") -> Secret:
    return Secret(expand(f"{{aws:{prefix}}}").decode())


SECRET = Secret(letters(seeded("aws"), ALNUM + "/+", 40))
SESSION = Secret(letters(seeded("session"), ALNUM + "/+", 300))


@pytest.mark.parametrize(
    "token",
    [
        Token("aws-secret-access-key", SECRET, (("aws-access-key-id", key_id()),)),
        Token("aws-access-key-id", key_id(), (("aws-secret-access-key", SECRET),)),
    ],
)
def test_an_id_and_its_secret_are_asked_about_whichever_was_found_first(token: Token) -> None:
    request = about_aws(token, NOW)
    assert (request.method, request.path) == ("POST", "/")
    assert request.body == b"Action=GetCallerIdentity&Version=2011-06-15"
    assert f"Credential={key_id().reveal()}/20150830" in request.headers["Authorization"]
    everything = f"{request.headers}{request.body!r}"
    assert SECRET.reveal() not in everything


def test_a_temporary_key_is_asked_about_with_its_session_token() -> None:
    parts = (("aws-access-key-id", key_id("ASIA")),)
    with pytest.raises(NotAskedError, match="session token"):
        about_aws(Token("aws-secret-access-key", SECRET, parts), NOW)
    parts = (*parts, ("aws-session-token", SESSION))
    request = about_aws(Token("aws-secret-access-key", SECRET, parts), NOW)
    assert request.headers["X-Amz-Security-Token"] == SESSION.reveal()
    assert "x-amz-security-token" in request.headers["Authorization"]


@pytest.mark.parametrize(
    "token", [Token("aws-secret-access-key", SECRET), Token("aws-access-key-id", key_id())]
)
def test_half_a_key_is_not_asked_about(token: Token) -> None:
    with pytest.raises(NotAskedError, match="an id with its secret"):
        about_aws(token, NOW)
