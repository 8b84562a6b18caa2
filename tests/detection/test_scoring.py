"""How likely a value is a credential: a table of cases, and what holds for all of them."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.rule import Confidence
from envguard.detection.evidence.weights import load
from envguard.detection.scoring import (
    entropy,
    explain_weigh,
    is_metadata,
    is_no_value,
    looks_random,
    weigh,
    weigh_chosen,
)
from tests.detection import samples

LOW, MEDIUM, HIGH = Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH
RANDOM = samples.letters(samples.seeded(8), samples.ALNUM, 32)
HEX = samples.letters(samples.seeded(8), samples.ALPHABETS["hex"], 40)
CHOSEN = "tr0ub4dor&3x"
UUID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"


def total(key: str, value: str, path: str, *, bare: bool = False) -> float:
    """What the scorer's points add up to."""
    reasons = explain_weigh(key, value, quoted=not bare, operator=":", path=path)
    return sum(points for _, points in reasons)


def quoted(key: str, value: str, path: str = "app/settings.py") -> Confidence | None:
    return weigh(key, value, quoted=True, operator="=", path=path)


def bare(key: str, value: str, path: str = ".env") -> Confidence | None:
    return weigh(key, value, quoted=False, operator="=", path=path)


@pytest.mark.parametrize(
    ("key", "value", "least"),
    [
        ("password", RANDOM, HIGH),
        ("API_TOKEN", HEX, MEDIUM),
        ("clientSecret", RANDOM, MEDIUM),
        ("password", CHOSEN, MEDIUM),
        ("db.pwd", "hunter2x7", MEDIUM),
        ("password", "sunshine", MEDIUM),  # people choose words
        ("password", "qzjrkw", MEDIUM),
        ("password", "kblhw", MEDIUM),
        ("api_key", UUID, LOW),
    ],
)
def test_name_and_value_add_up(key: str, value: str, least: Confidence) -> None:
    assert (quoted(key, value, "deploy/app.yml") or 0) >= least


def test_a_name_that_says_more_counts_for_more() -> None:
    for more, less in (
        ("db_password", "password_label"),
        ("access_token", "next_page_token"),
        ("client_secret", "secret_name"),
    ):
        assert total(more, CHOSEN, "a.yml") > total(less, CHOSEN, "a.yml")


def test_the_reasons_of_a_weight_add_up_to_it() -> None:
    for value in (RANDOM, CHOSEN, "sunshine", "secret"):
        for path in ("a.py", "docs/README.md", "tests/x.yml"):
            reasons = explain_weigh("db_pass", value, quoted=True, operator="=", path=path)
            assert reasons[0][1] == max((p for _, p in reasons), key=abs)
            level = load().level(sum(points for _, points in reasons))
            assert level == quoted("db_pass", value, path)
    assert explain_weigh("password", "${X}", quoted=True, operator="=", path="") == []


PLACEHOLDERS = [
    "<your-password>",
    "your-api-key-here",
    "changeme",
    "change_me_please",
    "xxxxxxxx",
    "********",
    "........",
    "todo-replace1",
    "REDACTED-1",
    "insert_token_1",
]
REFERENCES = [
    "${DB_PASSWORD}",
    "$DB_PASSWORD",
    "$(cat /run/secret)",
    "%DB_PASSWORD%",
    "%(password)s",
    "{{ vault.password }}",
    "{password1}",
    "#{ENV['X1']}",
    "os.environ['X1']",
    "process.env.X1_TOKEN",
    "env.X1_TOKEN",
    "getenv('X1')",
    "config.token1",
    "self.token1",
    "secret:DB_PASSWORD1",
    "vault:db/password1",
    "op://vault/item/x1",
    "arn:aws:kms:eu-1:x",
    "!Ref Password1",
    "/run/secrets/db1",
    "./key1.pem",
    "~/keys/id1",
    "https://vault/x1",
    "C:\\keys\\x1.pem",
]
PROSE = [
    "must not be empty 1",
    "Enter your password 2",
    "invalid token 42",
]
KNOWN = [
    "aaaaaaaaaa1",
    "abababababab",
    "^4.0.0",
    "~1.2",
    "^7.4|^8.0",
    "0x0d8775f648430679a709e98d2b0cb6250d2887ef",
    "$6$rounds=656000$TT4O7jz2M57npccl$33LF6FcUMS",
    "format_1_1_AES256.yml",
    "ConvertTo-SecureString",
    "validate_certs=validate_certs",
    "sha512",
    "static",
    "$PBKDF2$69F420$62FBA410AFCA5B44",
    "$own-hash$n=2$69F420$62FBA410AFCA5B44",
    "sha1$1b11b$edeb0a67a9622f1f",
    "AWS4-HMAC-SHA256",
    "RSA-SHA256",
    "app/20260101/eu-west-1/s3/aws4_request",
    "app%2F20260101%2Feu-west-1%2Fs3%2Faws4_request",
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A1",
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8Gd",
    "MCowBQYDK2VwAyEA9x1",
    "--gray-400",
    "ISO-8859-5",
    "utf-16-le",
    "v0.16.0/go.mod",
    "postgres:16.2-alpine",
    "docs/setup.md#credentials",
]
CODE = ["),b.c1(", "a1&&b", "x1=>y", "a1);", "abc12\\n", "function a1"]


@pytest.mark.parametrize("value", [*PLACEHOLDERS, *REFERENCES, *PROSE, *KNOWN, *CODE, "", "a1b"])
def test_what_stands_in_the_place_of_a_value_is_dropped(value: str) -> None:
    assert is_no_value(value)
    assert quoted("password", value) is None
    assert bare("password", value) is None


@pytest.mark.parametrize(
    "value",
    [
        *["hunter2", CHOSEN, RANDOM, HEX, UUID, "Tr-0ub_4dor", "p@ss9w%rd", "p$ss$w3rd"],
        *["shax1$tro7ub", "app/2026/eu/s3/aws4", "tr0ub4:d0r", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC1"],
    ],
)
def test_a_value_is_a_value(value: str) -> None:
    assert not is_no_value(value)


@pytest.mark.parametrize(
    "key",
    """password_hash passwordHash token_type tokenTTL SECRET_NAME secret_id api_key_header
    password_field has_password isToken no_password TOKEN_URL password_length
    forgot_password access_token_expires credential_path""".split(),
)
def test_a_name_may_speak_about_a_credential(key: str) -> None:
    assert is_metadata(key)


@pytest.mark.parametrize(
    "key", "password token SECRET_KEY apiKey db.password api-token hash_secret name_token".split()
)
def test_other_names_hold_one(key: str) -> None:
    assert not is_metadata(key)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("password", "password"),
        ("api_token", "api_token"),
        ("secret", "my_secret"),
        ("client_secret", "some-secret-value"),
    ],
)
def test_a_value_that_only_repeats_its_name_is_not_reported(key: str, value: str) -> None:
    assert (quoted(key, value, "a.yml") or 0) < MEDIUM


def test_a_bare_value_counts_where_texts_need_no_quotes() -> None:
    for value in (CHOSEN, "sunshine", "qzjrkw"):
        assert total("password", value, "deploy.yml", bare=True) > total(
            "password", value, "a.py", bare=True
        )


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ("dXNlcjpwYXNzd29yZA==", True),
        ("dXNlcjpwYXNzd29yZA", True),
        ("dXNlcjo=", False),  # no password
        ("configuration1", False),
        ("AAAA", False),
    ],
)
def test_what_basic_authorization_sends_is_a_user_and_a_password(value: str, is_one: bool) -> None:
    found = weigh(
        "Authorization", value, quoted=False, operator=":", path="", around="basic rest:end"
    )
    assert (found is not None) is is_one


@pytest.mark.parametrize(
    ("login", "is_told"), [("foo:bar", False), ("user:passwd", False), (f"app:{CHOSEN}", True)]
)
def test_of_a_login_the_password_counts(login: str, is_told: bool) -> None:
    value = b64encode(login.encode()).decode()
    for key, around in (("Authorization", "basic rest:end"), ("auth", "rest:,")):
        found = weigh(key, value, quoted=True, operator=":", path="a.json", around=around)
        assert ((found or 0) >= MEDIUM) is is_told


def test_a_key_after_its_own_name_counts_without_the_name() -> None:
    assert total("secret_key", f"default:{RANDOM}", "a.sh") == total("secret_key", RANDOM, "a.sh")
    assert total("secret_key", "default:sunshine", "a.sh") != total(
        "secret_key", "sunshine", "a.sh"
    )


ELSEWHERE = """tests/a.py src/test/java/A.java spec/a_spec.rb fixtures/a.json docs/a.yml README.md
    examples/.env a.test.js a_test.go testdata/x locales/en.json guide.rst __tests__/a.js""".split()
HERE = """a.py src/contest.py latest/a.yml .env config/attestation.json deploy/prod.tf Makefile
    inspector/a.py md""".split()


@pytest.mark.parametrize(
    ("value", "confidence"),
    [
        (CHOSEN, HIGH),
        (RANDOM, HIGH),
        ("password", LOW),
        ("secret", LOW),
        ("${PASSWORD}", None),
        ("your_password", None),
        ("xxxxx", None),
        ("aabb", None),
        ("<pw>", None),
    ],
)
def test_a_chosen_value_keeps_its_rules_confidence_unless_it_is_usual(
    value: str, confidence: Confidence | None
) -> None:
    assert weigh_chosen(value, HIGH, "") is confidence


KEYS = st.sampled_from(
    "password api_key signing_key token db-pass hash_key Authorization x".split()
)
VALUES = st.one_of(
    st.sampled_from(
        [RANDOM, HEX, CHOSEN, UUID, "hunter2", "correcthorsebattery", "", *PLACEHOLDERS]
    ),
    st.sampled_from([*REFERENCES, *CODE, *KNOWN, "someVariable", "a.b.c1"]),
    st.text(max_size=30),
    st.from_regex(r"[A-Za-z0-9+/=_.-]{4,40}", fullmatch=True),
)
PATHS = st.one_of(
    st.sampled_from([*ELSEWHERE, *HERE]),
    st.text(max_size=20),
    st.builds(
        "/".join, st.lists(st.sampled_from("a test docs b.py c.md .env x.ts".split()), max_size=4)
    ),
)
OPERATORS = st.sampled_from(["=", ":", "(", ",", ">", "==", ":=", "=>"])


@given(KEYS, VALUES, st.booleans(), OPERATORS, PATHS)
def test_an_unknown_path_takes_nothing_away(
    key: str, value: str, is_quoted: bool, operator: str, path: str
) -> None:
    """A history scan weighs each content before it knows a path, and drops what is too little."""
    known = weigh(key, value, quoted=is_quoted, operator=operator, path=path)
    unknown = weigh(key, value, quoted=is_quoted, operator=operator, path="")
    assert (unknown or 0) >= (known or 0)


@given(VALUES, st.sampled_from(Confidence), PATHS)
def test_an_unknown_path_takes_nothing_away_from_a_chosen_value(
    value: str, confidence: Confidence, path: str
) -> None:
    known, unknown = weigh_chosen(value, confidence, path), weigh_chosen(value, confidence, "")
    assert (unknown or 0) >= (known or 0)
    assert (known or 0) <= confidence


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (RANDOM, True),
        (HEX, True),
        (UUID, True),
        (RANDOM[:15], False),
        ("correct-horse-battery-staple", False),
        ("a" * 30 + "12", False),
        ("abcdefghijklmnopqrstuvwxyz", False),
        ("12345678901234567890", False),
    ],
)
def test_what_comes_from_a_generator_looks_random(value: str, expected: bool) -> None:
    assert looks_random(value) is expected


def test_entropy_is_in_bits_per_character() -> None:
    assert entropy("") == 0
    assert entropy("aaaa") == 0
    assert entropy("abab") == 1
    assert entropy("abcdefgh") == 3
