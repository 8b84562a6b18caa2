"""What an entry of a .env file is: a table, and that no reason gives the value away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.secret import Secret
from envguard.detection.classify import Kind, classify, is_plain_comment
from envguard.detection.detector import Detector
from tests.detection import samples

GITHUB = samples.expand("{github:ghp_}").decode()
AWS = samples.expand("{aws:AKIA}").decode()
JWT = samples.expand("{jwt:HS256}").decode()
KEY = samples.pem(samples.seeded(2), "PRIVATE KEY")
RANDOM = samples.letters(samples.seeded(8), samples.ALNUM, 32)

SECRETS = [
    ("GITHUB", GITHUB, "GitHub token"),
    ("NEXT_PUBLIC_X", GITHUB, "GitHub token"),
    ("AWS_ACCESS_KEY_ID", AWS, "AWS access key id"),
    ("DATABASE_URL", "postgres://app:tr0ub4dor@db/app", ""),  # envguard:allow
    ("DATABASE_URL", "postgres://postgres:postgres@localhost/app", ""),
    ("SSH", KEY, "Private key"),
    ("SESSION", JWT, "JSON Web Token"),
    ("DB_PASSWORD", "hunter2", "named like a secret"),
    ("DB_PASSWORD", "Gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n", "named like a secret"),
    ("DB_PASSWORD", "two words", "named like a secret"),
    ("DB_PASSWORD", "1234", "named like a secret"),
    ("POSTGRES_PASSWORD", "root", "named like a secret"),
    ("MYSQL_PWD", "x", "named like a secret"),
    ("ADMIN_PIN", "4711", "named like a secret"),
    ("SECRET_KEY", "django-insecure-abc", "named like a secret"),
    ("API_KEY", "abcdefgh", "named like a secret"),
    ("apiKey", "abcdefgh", "named like a secret"),
    ("JWT_SECRET", "abcdefgh", "named like a secret"),
    ("SENTRY_DSN", "https://abc@sentry.example/1", "named like a secret"),
    ("CLIENT_ID_SECRET", "abcdefgh", "named like a secret"),
    ("SSL_PUBLIC_KEY_PASSWORD", "abcdefgh", "named like a secret"),
    ("OAUTH_CLIENT_IDENTITY_TOKEN", "abcdefgh", "named like a secret"),
    ("WHATEVER", RANDOM, "looks random"),
]
CONFIGURATION = [
    ("DEBUG", "true", "a plain setting"),
    ("DISABLE_PASSWORD", "true", "a plain setting"),
    ("DB_PASSWORD", "null", "a plain setting"),
    ("MAX_TOKENS", "4096", "a plain setting"),
    ("PORT", "8080", "a plain setting"),
    ("RATE", "-0.5", "a plain setting"),
    ("STAGE", "dev", "a plain setting"),
    ("DB_PASSWORD", "changeme", "a placeholder"),
    ("DB_PASSWORD", "<your password>", "a placeholder"),
    ("API_KEY", "your-api-key", "a placeholder"),
    ("API_KEY", "xxxxxxxx", "a placeholder"),
    ("API_KEY", "{{ api_key }}", "a placeholder"),
    ("DB_PASSWORD", "...", "a placeholder"),
    ("TOKEN_TTL", "3600s-max", "says something about a secret"),
    ("PASSWORD_HASH_ALGORITHM", "argon2id", "says something about a secret"),
    ("APP_NAME", "shop-front", "a plain value"),
    ("DATABASE_URL", "sqlite:///app.db", "a plain value"),
    ("NEXT_PUBLIC_API_KEY", "abcdefgh", "public by its name"),
    ("STRIPE_PUBLISHABLE_KEY", "abcdefgh", "public by its name"),
    ("GOOGLE_CLIENT_ID", RANDOM, ""),
    ("RECAPTCHA_SITE_KEY", RANDOM, "public by its name"),
    ("MIRROR", "https://me:your_password@git.example/a", "a plain value"),
    ("GREETING", "hello world", "a plain value"),
    ("ORIGINS", "https://a.example,https://b.example", "a plain value"),
    ("HOSTS", "a1.internal.example.com:8080", "a plain value"),
]
REFERENCES = [
    "secret:DB_PASSWORD",
    "secret:db#password@3",
    "env:HOME",
    "file:/run/x",
    "prod:X",
]


def kind(detector: Detector, key: str, value: str | None) -> tuple[Kind, str]:
    found = classify(key, None if value is None else Secret(value), detector, ("prod",))
    return found.kind, found.reason


@pytest.mark.parametrize(("key", "value", "reason"), SECRETS)
def test_a_secret_is_one(detector: Detector, key: str, value: str, reason: str) -> None:
    found, why = kind(detector, key, value)
    assert found is Kind.SECRET
    assert why.startswith(reason)
    assert why


@pytest.mark.parametrize(("key", "value", "reason"), CONFIGURATION)
def test_configuration_is_none(detector: Detector, key: str, value: str, reason: str) -> None:
    found, why = kind(detector, key, value)
    assert found is Kind.CONFIGURATION
    assert why.startswith(reason)
    assert why


@pytest.mark.parametrize("value", REFERENCES)
def test_a_reference_is_one_whatever_its_key(detector: Detector, value: str) -> None:
    assert kind(detector, "DB_PASSWORD", value) == (Kind.REFERENCE, "a reference")


@pytest.mark.parametrize("value", ["stage:X1y2z3a4b5", "secret:", "secret:two words"])
def test_what_only_begins_like_a_reference_is_a_value(detector: Detector, value: str) -> None:
    assert kind(detector, "DB_PASSWORD", value)[0] is Kind.SECRET


@pytest.mark.parametrize("value", ["", None])
def test_nothing_is_empty(detector: Detector, value: str | None) -> None:
    assert kind(detector, "DB_PASSWORD", value) == (Kind.EMPTY, "no value")


@given(
    st.sampled_from(["DB_PASSWORD", "NAME", "TOKEN_URL", "SITE_KEY", "DATABASE_URL"]),
    st.sampled_from([v for _, v, _ in [*SECRETS, *CONFIGURATION]] + REFERENCES)
    | st.from_regex(r"[A-Z0-9!-]{8,30}", fullmatch=True),
)
def test_a_reason_never_holds_the_value(detector: Detector, key: str, value: str) -> None:
    found = classify(key, Secret(value), detector)
    if len(value) > 5:
        assert value not in found.reason
        assert value not in repr(found)


@pytest.mark.parametrize(
    ("comment", "plain"),
    [
        ("# the port of the shop", True),
        ("# see https://docs.example.com/setup", True),
        ("# DB_PASSWORD=<your password>", True),
        (f"# old: {GITHUB}", False),
        (f"# {RANDOM}", False),
        ("# DB_PASSWORD=hunter2x7", False),
        ("# postgres://app:tr0ub4dor@db/app", False),  # envguard:allow
    ],
)
def test_a_comment_with_a_credential_is_not_plain(
    detector: Detector, comment: str, plain: bool
) -> None:
    assert is_plain_comment(comment, detector) is plain


def test_a_literal_is_what_stands_in_it(detector: Detector) -> None:
    def kind(text: str) -> Kind:
        return classify("API_PASSWORD", Secret(text), detector).kind

    assert kind("literal:zQ81-kLm92-xPw") is Kind.SECRET
    assert kind("literal:true") is Kind.CONFIGURATION
    assert kind("literal:") is Kind.EMPTY
    assert kind("secret:zQ81-kLm92-xPw") is Kind.REFERENCE


@pytest.mark.parametrize(
    ("comment", "plain"),
    [
        ("password is hunter2zQ81xx", False),
        ("the pw: hunter2zQ81xx", False),
        ("the password of the shop, see the wiki", True),
        ("python3.11 or newer", True),
        ("rotate this key every 90 days", True),
    ],
)
def test_a_comment_that_may_tell_a_password_is_not_shown(
    detector: Detector, comment: str, plain: bool
) -> None:
    assert is_plain_comment(comment, detector) is plain
