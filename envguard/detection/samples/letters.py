"""Random letters for synthetic credentials; equal seeds give equal ones."""

from __future__ import annotations

import string
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from random import Random

ALNUM = string.ascii_letters + string.digits


BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


ALPHABETS: Mapping[str, str] = {
    "alnum": ALNUM,
    "base64": ALNUM + "+/",
    "digits": string.digits,
    "hex": "0123456789abcdef",
    "letters": string.ascii_letters,
    "lower32": string.ascii_lowercase + "234567",
    "lower36": string.ascii_lowercase + string.digits,
    "secret-key": "23456789ABCDEFGHJKLMNPQRSTVWXYZ",
    "upper23": "ACDEFGHJKLMNPQRSTUVWXYZ",
    "upper32": string.ascii_uppercase + "234567",
    "upper36": string.ascii_uppercase + string.digits,
    "word": ALNUM + "_-",
}


def seeded(seed: int | str) -> Random:
    """A source of random letters that gives the same ones each time."""
    return Random(seed)  # noqa: S311  # samples, not secrets


def letters(random: Random, alphabet: str, count: int) -> str:
    """`count` letters of an alphabet."""
    return "".join(random.choices(alphabet, k=count))


def in_base(number: int, alphabet: str, width: int) -> str:
    """A number in an alphabet's base."""
    text = ""
    for _ in range(width):
        number, rest = divmod(number, len(alphabet))
        text = alphabet[rest] + text
    return text


def unpadded(data: bytes) -> str:
    """Base64 for URLs, without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")
