"""What a rule's anchor holds for certain."""

from __future__ import annotations

import re

import pytest

from envguard.detection.decoders.prefixes import Bytes, prefixes
from tests.detection import samples
from tests.detection.oracle import RULES

WITHOUT = {
    "azure-client-secret",
    "database-url",
    "jwk-private-key",
    "url-credentials",
}
"""Passwords in URLs, and values that only their shape tells: there is nothing to look for that
would not be everywhere. Nor is there where only a name beside the value tells what it is."""


def shown(piece: Bytes) -> str:
    """A piece with `*` for each place that more than one byte can take."""
    return "".join(chr(*place) if len(place) == 1 else "*" for place in piece)


@pytest.mark.parametrize(
    ("anchor", "pieces"),
    [
        ("ghp_[A-Za-z0-9]{36}", ["ghp_***"]),
        ("gh[op]_[A-Za-z0-9]{36}", ["gho_***", "ghp_***"]),
        ("(?:ab|xy)cd_[0-9]", ["abcd_*", "xycd_*"]),
        ("sgp_(?:local_)?[0-9a-f]{40}", ["sgp_***", "sgp_local"]),
        ("[0-9]{8}:AA[A-Za-z]{33}", ["***:AA***"]),
        ("(?i:AccountKey)=", ["AccountKe"]),
        ("(?i:token)[=:]", []),
        ("://[^ ]{0,100}@", []),
        ("[0-9a-f]{40}", []),
        ("aaa", []),
        ("-----BEGIN [A-Z ]{2,12}KEY", ["-----BEGI"]),
        ("abcd_.*", ["abcd_"]),
        ("abcd_(?=x)", ["abcd_"]),
        ("abcd_€", ["abcd_"]),
        ("€abcd_", []),
    ],
)
def test_the_most_telling_piece_of_each_alternative_is_taken(
    anchor: str, pieces: list[str]
) -> None:
    assert [shown(piece) for piece in prefixes(anchor)] == pieces


def test_an_expression_that_only_the_matcher_understands_has_none() -> None:
    assert prefixes(r"ghp_\Q*\E(") == []


def test_a_piece_is_in_every_example_of_its_rule() -> None:
    without = set()
    for rule in RULES:
        found = [
            re.compile(b"".join(b"[%s]" % b"".join(b"\\x%02x" % b for b in p) for p in piece))
            for piece in prefixes(rule.anchor)
        ]
        texts = [samples.expand(example) for example in rule.examples]
        if not all(any(piece.search(text) for piece in found) for text in texts):
            without.add(rule.id)
    named = {rule.id for rule in RULES if rule.names or "(?i:" in rule.anchor}
    assert without - named == WITHOUT
