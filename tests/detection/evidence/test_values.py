"""What a value looks like, feature by feature."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.detection.evidence.letters import bits
from envguard.detection.evidence.values import describe


@pytest.mark.parametrize(
    ("feature", "value", "expected"),
    [
        ("length", "abcd", "4"),
        ("length", "abcde", "4"),
        ("length", "a" * 39, "33"),
        ("length", "a" * 900, "200"),
        ("alphabet", "958017", "digits"),
        ("alphabet", "qzjrkw", "small"),
        ("alphabet", "Sunshine", "Title"),
        ("alphabet", "tRoub", "letters"),
        ("alphabet", "deadbeef01", "hex"),
        ("alphabet", "hunter2x", "small digits"),
        ("alphabet", "Hunter2x", "letters digits"),
        ("alphabet", "aGVsbG8+d29ybGQ=", "base64"),
        ("alphabet", "first-second", "kebab"),
        ("alphabet", "first-2", "kebab digits"),
        ("alphabet", "tr0ub4dor&3x", "symbols"),
        ("standing", "my_secret", "all"),
        ("standing", "password1", "all"),
        ("standing", "p4$$w0rd", "all"),
        ("standing", "S3cr3t!23", "all"),
        ("standing", "m4ster7r33", "none"),
        ("standing", "sunshine", "none"),
        ("standing", "958017", "none"),
        ("like name", "db-password", "same"),
        ("like name", "sunshine", "no"),
        ("form", "1b4e28ba-2fa1-11d2-883f-0016d3cca427", "uuid"),
        ("form", "0" * 31 + "a", "hex 32"),
        ("form", "first_second", "small words"),
        ("form", "firstSecond", "camel words"),
        ("form", "tls.key.name", "dotted words"),
        ("form", "2024-01-31", "version"),
        ("form", "0x4f", "number"),
        ("form", "get_it(x)", "code"),
        ("form", "tr0ub4dor&3x", "other"),
        ("runs", "1234567890", "sequence"),
        ("runs", "xyaaaaqr", "run"),
        ("runs", "tr0ub4dor&3x", "none"),
    ],
)
def test_a_value_is_described(feature: str, value: str, expected: str) -> None:
    assert describe("db_password", value)[feature] == expected


@pytest.mark.parametrize("word", "sunshine potentially dragon admin grafana potato".split())
def test_words_take_fewer_bits_a_letter_than_random_letters(word: str) -> None:
    spelled, count = bits(word)
    assert count == len(word)
    assert spelled < 5.5 < bits("qzjrkwvx")[0]


def test_a_text_without_words_has_no_letters_to_count() -> None:
    assert bits("a1b2") == (0.0, 0)


@given(st.text(max_size=60), st.text(max_size=60))
def test_every_text_has_all_features(key: str, value: str) -> None:
    assert describe(key, value).keys() == describe("password", "hunter2").keys()
