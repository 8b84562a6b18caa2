"""Families with a checksum, through the whole detector: every true token is found, no wrong one is.

A wrong one has another character in one place (of the prefix's neighbour, the middle and the end of
the body, of the checksum), two neighbours swapped, or the checksum of another token.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from random import Random
from zlib import crc32

import pytest

from envguard.core.document import Document
from envguard.detection.detector import Detector
from tests.detection import samples

# Generator and its argument, the rule that must find it, how many characters begin it, and how many
# at its end are the checksum.
FAMILIES = [
    *(("github", prefix, "github-token", 4, 6) for prefix in ("ghp_", "gho_", "ghu_", "ghs_")),
    ("github-refresh", "", "github-token", 4, 6),
    ("github", "npm_", "npm-token", 4, 6),
    ("gitlab", "glpat-", "gitlab-routable-token", 6, 7),
    ("grafana", "", "grafana-service-account-token", 5, 8),
    ("confluent", "", "confluent-secret", 4, 6),
    *(("cloudflare", p, "cloudflare-token", len(p), 8) for p in ("cfk_", "cfut_", "cfat_")),
    ("atlassian", "ATATT3", "atlassian-api-token", 6, 8),
    ("atlassian", "ATBB", "bitbucket-app-password", 4, 8),
    ("zuplo", "", "zuplo-key", 5, 8),
    ("age", "", "age-secret-key", 16, 6),
    ("nkey", "U", "nats-seed", 2, 4),
    ("nkey", "O", "nats-seed", 2, 4),
    ("wif", "5", "bitcoin-private-key", 1, 5),
    ("wif", "K", "bitcoin-private-key", 1, 5),
    ("xprv", "", "extended-private-key", 4, 5),
    *(("azure", service, "azure-identifiable-key", 0, 5) for service in samples.AZURE),
]
NAMES = [f"{name}-{argument}".rstrip("-_") for name, argument, *_ in FAMILIES]
# Some of these have no prefix of their own: their rules want a word before them.
BEFORE = {"wif": "bitcoin_wif = ", "nkey": "nats_seed = "}


def true_token(random: Random, name: str, argument: str) -> str:
    if name == "github-refresh":
        body = samples.letters(random, samples.ALNUM, 70)
        digits = string.digits + string.ascii_uppercase
        digits += string.ascii_lowercase
        return f"ghr_{body}{samples.in_base(crc32(body.encode()), digits, 6)}"
    return samples.TOKENS[name](random, argument)


def wrong_tokens(random: Random, true: str, other: str, first: int, check: int) -> Iterator[str]:
    """Wrong tokens of the same shape; `other` is another true one."""
    end = len(true.rstrip("="))
    body_end = end - check
    for place in (first, (first + body_end) // 2, body_end - 12, body_end, end - 2, end - 1):
        letter = true[place]
        kind = next(
            k for k in ("0123456789", "abcdef", "ABCDEF", "ghijk", "GHJK", letter) if letter in k
        )
        alike = [c for c in kind if c != letter] or [c for c in "23456789mnpqMNPQ" if c != letter]
        yield true[:place] + random.choice(alike) + true[place + 1 :]
    for place in (first + 1, body_end - 14, end - 2):
        if true[place] != true[place + 1]:
            yield true[:place] + true[place + 1] + true[place] + true[place + 2 :]
    if len(other) == len(true) and other[body_end:] != true[body_end:]:
        yield true[:body_end] + other[body_end:]


def check(detector: Detector, family: tuple[str, str, str, int, int], count: int) -> None:
    name, argument, rule, first, digits = family
    random = samples.seeded(f"{name} {argument}")
    tokens = [true_token(random, name, argument) for _ in range(count)]
    before = BEFORE.get(name, "key = ")

    def found(lines: list[str]) -> list[int]:
        """The lines in which the family is reported."""
        text = "\n".join(f"{before}{line}" for line in lines)
        candidates = detector.candidates(Document("", text.encode()))
        return [c.line for c in candidates if c.rule.id == rule]

    assert found(tokens) == list(range(1, count + 1))
    wrong = [
        token
        for at, true in enumerate(tokens)
        for token in wrong_tokens(random, true, tokens[at - 1], first, digits)
    ]
    assert len(wrong) > 7 * count
    assert [wrong[line - 1] for line in found(wrong)] == []


@pytest.mark.parametrize("family", FAMILIES, ids=NAMES)
def test_true_tokens_are_found_and_wrong_ones_are_not(
    detector: Detector, family: tuple[str, str, str, int, int]
) -> None:
    check(detector, family, 20)


@pytest.mark.prove
@pytest.mark.parametrize("family", FAMILIES, ids=NAMES)
def test_a_thousand_true_tokens_are_found_and_none_of_ten_thousand_wrong_ones(
    detector: Detector, family: tuple[str, str, str, int, int]
) -> None:
    check(detector, family, 1000)
