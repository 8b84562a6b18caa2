"""What may be shown of a value whose name says nothing: words, and nothing that could be guessed
to be a credential."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.detection.harmless import is_harmless, without_secrets

SETTINGS = """
info debug true 8080 3600 0.25 -1 30d 10MB 2024-01-31 2024-01-31T10:00:00Z 1.24.3 127.0.0.1
http://localhost:3000 https://api.example.com/v1 redis://localhost:6379/0 sqlite:///app.db
http://127.0.0.1:8000/api/v2/users?page=1&limit=10 mongodb://mongo:27017/shop amqp://rabbitmq:5672
https://a.example,https://b.example a1.internal.example.com:8080 0.0.0.0:8000 localhost,127.0.0.1
hello@example.com no-reply@shop.example Shop-Front postgresql /var/log/app.log ./data/db.sqlite3
us-east-1 ap-southeast-1 UTC Europe/Berlin en_US.UTF-8 utf8mb4_unicode_ci AES-256-CBC argon2id HS256
my-application-name-production shop-front-service-api com.example.shop MyApplicationSettings
X-Requested-With application/json GET,POST,PUT smtp.mailtrap.io python3.11 src/index.js
ssh://git@github.com https://docs.example.com/setup#install sandbox.example.org:443
""".split()
SENTENCES = [
    "hello world",
    "Shop <mail@example.com>",
    "0 5 * * 1",
    "${APP_NAME} <mail@example.com>",
]
BUILT = ["postgres://${DB_USER}:${DB_PASSWORD}@${DB_HOST:-localhost}/app", "${HOME}/data"]


@pytest.mark.parametrize("text", [*SETTINGS, *SENTENCES, *BUILT])
def test_a_setting_is_shown(text: str) -> None:
    assert is_harmless(text)


@pytest.mark.parametrize(
    "text",
    [
        "Tr0ub4dor&3",
        "hunter2zQ81xx",
        "correcthorse42",
        "Summer2024Rain",
        "summer-rain-2024",
        "p@ssw0rd!",
        "https://ada:pw@example.com/x",
        "https://example.com/x/9f8e7d6c5b4a39281706",
        "https://example.com/?key=9f8e7d6c5b4a39281706",
        "shop,9f8e7d6c5b4a39281706",
        "Grüße-1234-xyz",
    ],
)
def test_a_possible_secret_is_not(text: str) -> None:
    assert not is_harmless(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://ada:pw@example.com/x", "https://example.com/x"),
        ("https://hooks.example.com/in/9f8e7d6c5b4a3928", "https://hooks.example.com/in/"),
        ("https://example.com/a?key=9f8e7d6c5b4a3928&page=2", "https://example.com/a?key=&page=2"),
        ("https://example.com/a#9f8e7d6c5b4a3928", "https://example.com/a"),
        ("https://me:your_password@git.example/a", "https://me:your_password@git.example/a"),
        ("https://9f8e7d6c5b4a39281706.example.com/a", ""),
        ("9f8e7d6c5b4a3928", ""),
    ],
)
def test_a_url_is_shown_without_its_doubtful_parts(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
    assert is_harmless(shown)


LETTERS, LOWER, DIGITS = string.ascii_letters, string.ascii_lowercase, string.digits
PRINTABLE = LETTERS + DIGITS + string.punctuation
WORDS = """correct horse battery staple summer winter rain dragon monkey shadow master sunshine
princess""".split()


def _chosen(alphabet: str) -> Callable[[random.Random, int], str]:
    return lambda chance, length: "".join(chance.choices(alphabet, k=length))


def _base64(chance: random.Random, length: int) -> str:
    return base64.b64encode(chance.randbytes(length)).decode()


def _base64_url(chance: random.Random, length: int) -> str:
    return base64.urlsafe_b64encode(chance.randbytes(length)).decode().rstrip("=")


def with_digits(chance: random.Random, length: int) -> str:
    """A password as people make them: words with a number somewhere."""
    text = ""
    while len(text) < length:
        words = [chance.choice([str.title, str, str.upper])(chance.choice(WORDS))]
        words.insert(chance.randrange(2), str(chance.randrange(10, 10**5)))
        text += chance.choice(["", "-", "_"]).join(words)
    return text


SHAPES: dict[str, Callable[[random.Random, int], str]] = {
    "lower": _chosen(LOWER),
    "upper": _chosen(string.ascii_uppercase),
    "mixed": _chosen(LETTERS),
    "lower and digits": _chosen(LOWER + DIGITS),
    "letters and digits": _chosen(LETTERS + DIGITS),
    "hex": _chosen("0123456789abcdef"),
    "HEX": _chosen("0123456789ABCDEF"),
    "base64": _base64,
    "base64url": _base64_url,
    "printable": _chosen(PRINTABLE),
    "words and digits": with_digits,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_a_generator_makes_is_never_shown(shape: str) -> None:
    chance = random.Random(shape)  # noqa: S311 - made up
    least = 12 if shape == "words and digits" else 18
    for _ in range(2_000):
        value = SHAPES[shape](chance, chance.randint(least, 64))
        assert not is_harmless(value)
        for url in (f"https://example.com/{value}", f"https://{value}@example.com/"):
            assert value not in without_secrets(url)


@given(st.text(PRINTABLE + " é\n", max_size=60))
def test_what_is_left_of_a_url_is_harmless(text: str) -> None:
    shown = without_secrets(f"https://example.com/{text}")
    assert is_harmless(shown)
    assert without_secrets(shown) == shown
