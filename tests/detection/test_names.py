"""What a name beside a value tells: only in its own assignment, in any case, and cheaply."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.core.document import Document
from envguard.detection.builtin import built_in
from envguard.detection.detector import Detector
from envguard.detection.names import Names, is_told
from envguard.detection.prepare import prepare
from envguard.detection.search import REACH
from tests.detection import samples
from tests.detection.oracle import RULES

OWN = rb"""
[[rule]]
id = "acme"
title = "Acme"
severity = "high"
confidence = "high"
pattern = '''(?:(?i:acme)\w{0,9}(?i:key|token)[ ]?[=:][ ]?["']?|acme ::)(?P<secret>[0-9a-f]{20})'''
names = ["acme"]
anchor = '''acme ::[0-9a-f]{20}'''
source = "https://example.com"
revoke = ""
examples = []
non_examples = []
"""
VALUE = b"0123456789abcdef0123"


@pytest.fixture(scope="module")
def acme() -> Detector:
    return prepare([*built_in(), (Path("own.toml"), OWN)], None)


def found(detector: Detector, text: bytes) -> list[bytes]:
    """The values that the rule of this file finds."""
    candidates = detector.candidates(Document("", text))
    return [c.secret.reveal().encode() for c in candidates if c.rule.id == "acme"]


@pytest.mark.parametrize(
    "line",
    [
        b"acme_api_key=" + VALUE,
        b"ACME_TOKEN: '" + VALUE + b"'",
        b'x = 1; Acme_token = "' + VALUE + b'"; password = "hunter2hunter2"',
        b"acme ::" + VALUE,
    ],
)
def test_a_named_value_is_found_where_an_assignment_is_seen_or_its_own_anchor(
    acme: Detector, line: bytes
) -> None:
    assert found(acme, line) == [VALUE]
    assert found(acme, b"a = 1\n" + line + b"\nb = 2\n") == [VALUE]


@pytest.mark.parametrize(
    "line",
    [
        b"other_api_key=" + VALUE,
        b"acmekey=" + VALUE,  # no name that the generic finder knows
        b"acme_api_key=" + VALUE[:-1],
        b"acmekey=" + VALUE + b' password = "hunter2hunter2"',
    ],
)
def test_what_no_assignment_tells_is_not_found(acme: Detector, line: bytes) -> None:
    assert found(acme, line) == []


def test_in_a_binary_file_only_the_own_anchor_tells(acme: Detector) -> None:
    text = b"\0acme_api_key=" + VALUE + b" acme ::" + VALUE[::-1]
    assert found(acme, text) == [VALUE[::-1]]


@pytest.mark.parametrize("distance", [0, 60, REACH - 40, REACH, 2 * REACH, 3 * REACH + 7])
def test_in_a_long_line_each_named_value_is_found_once(acme: Detector, distance: int) -> None:
    line = (b"acme_api_key=" + VALUE + b" " * (distance + 1)) * 4
    assert found(acme, b"-" * distance + b" " + line) == [VALUE] * 4


def test_a_named_value_over_the_end_of_a_window_does_not_hide_the_next(acme: Detector) -> None:
    for distance in range(1, 36):
        line = (b"acme_api_key=" + VALUE + b" " * distance) * (3 * REACH // (33 + distance))
        assert set(found(acme, line)) == {VALUE}
        assert len(found(acme, line)) == line.count(VALUE), distance


def test_a_provider_s_rule_wins_over_the_generic_one(detector: Detector) -> None:
    text = samples.expand("WANDB_API_KEY={hex:40}")
    (candidate,) = detector.candidates(Document("", text))
    assert candidate.rule.id == "wandb-legacy-key"


def test_a_line_is_worth_the_rules_of_which_it_holds_a_name_in_any_case() -> None:
    rule = RULES[0]
    names = Names([rule, rule._replace(names=("acme", "corp")), rule._replace(names=("corp",))])
    assert names.rules_in(b"ACME_CORP") == (1, 2)
    assert names.rules_in(b"my Acme") == (1,)
    assert names.rules_in(b"ac me") == ()
    assert names.rules_in(b"ACME_CORP") == (1, 2)


def test_a_value_is_told_by_what_ends_in_it() -> None:
    hits = [(7, 10), (3, 10), (7, 20), (5, 30)]
    assert is_told(hits, (3,), 9, 10)
    assert not is_told(hits, (3,), 10, 30)
    assert is_told(hits, (5, 7), 10, 20)
    assert not is_told(hits, (5,), 10, 29)
    assert not is_told([], (5,), 0, 9)
