"""What opens nothing by its name, or by its name and its form, and what is like it and may."""

from __future__ import annotations

from string import ascii_uppercase, digits

import pytest

from envguard.core.rule import Confidence
from envguard.detection.evidence import names
from envguard.detection.evidence.identifiers import REASONS, opens_nothing
from envguard.detection.scoring import weigh
from tests.detection import samples

UUID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
CAPITALS = samples.letters(samples.seeded(3), ascii_uppercase + digits, 20)
RANDOM = samples.letters(samples.seeded(8), samples.ALNUM, 40)

TOLD = [
    ("PublicKeyToken", RANDOM, "public"),
    ("ssh_public_key", RANDOM, "public"),
    ("password_label", RANDOM, "shown"),
    ("LABEL_PASSWORD", RANDOM, "shown"),
    ("passwordHash", RANDOM, "hashed"),
    ("ROOT_PASSWORD_SHA2", RANDOM, "hashed"),
    ("GRAYLOG_SHA256_PASSWORD", RANDOM, "hashed"),
    ("encrypted_password", RANDOM, "hashed"),
    ("S3-Kms-Sealed-Key", RANDOM, "sealed"),
    ("Sec-WebSocket-Key", RANDOM, "sealed"),
    ("encryptedKey", RANDOM, "sealed"),
    ("next_page_token", RANDOM, "looked up"),
    ("PartitionKey", RANDOM, "looked up"),
    ("assertArrayHasKey", RANDOM, "looked up"),
    ("first_key", UUID, "id"),
    ("Key", UUID.upper(), "id"),
    ("INVALID_PASSWORD_ERROR", UUID, "id"),
    ("AWSAccessKeyId", CAPITALS, "id"),
    ("source-access-key", CAPITALS, "id"),
]


@pytest.mark.parametrize(("key", "value", "reason"), TOLD)
def test_some_names_hold_nothing_that_opens_anything(key: str, value: str, reason: str) -> None:
    assert opens_nothing(key, value, names.describe(key)) == reason
    found = weigh(key, value, quoted=True, operator=":", path="")
    assert (found or 0) <= Confidence.LOW


def test_every_reason_has_an_example() -> None:
    assert {reason for *_, reason in TOLD} == set(REASONS)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("private_key", RANDOM),
        ("republic_key", RANDOM),
        ("labeled_password", RANDOM),
        ("hash_key", RANDOM),
        ("hashing_secret", RANDOM),
        ("encryption_key", RANDOM),
        ("socket_key", RANDOM),
        ("next_token_secret", RANDOM),
        ("access_token", RANDOM),
        ("department_key", RANDOM),
        ("api_key", UUID),
        ("password", UUID),
        ("first_key", UUID + "0"),
        ("access_key", CAPITALS + "A"),
        ("secret_access_key", CAPITALS.lower()),
        ("client_secret", CAPITALS),
    ],
)
def test_names_and_values_like_them_may_hold_credentials(key: str, value: str) -> None:
    assert opens_nothing(key, value, names.describe(key)) is None
