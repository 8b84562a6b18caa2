"""What `[secrets.KEY]` expects of a value."""

from __future__ import annotations

import pytest

from envguard.core.errors import NotFoundError, UsageError
from envguard.core.expected import TYPES, Expected
from envguard.core.secret import Secret
from envguard.references.checks import problems

GOOD = {
    "url": [
        "https://x",
        "postgres://u:p%40@h:5432/db?a=b",  # envguard:allow
        "sqlite:///x.db",
        "mongodb://a:1,b:2/d",
    ],
    "integer": ["0", "-12", "+7", "007", "123456789012345678901"],
    "boolean": ["true", "FALSE", "1", "0", "yes", "No", "on", "off"],
    "email": ["ada@example.com", "a.b+c@localhost"],
    "port": ["1", "8080", "65535", "00080"],
    "enum": ["dev", "prod"],
    "regex": ["k-1", "k-99"],
}
BAD = {
    "url": ["x", "https://", "//host", "ht tp://x", "https://a b", "https://x\n", "1a://x"],
    "integer": ["1.0", "1e3", "0x1", "one", " 1", "1\n", "\u0661"],
    "boolean": ["maybe", "2", "t", "true "],
    "email": ["ada", "@x", "ada@", "a b@x", "ada@x..y", "ada@-x"],
    "port": ["0", "65536", "-1", "http", "8080\n", "123456"],
    "enum": ["Dev", "dev\n"],
    "regex": ["k-", "xk-1", "k-1x", "k-1\n"],
}


def wish(kind: str, *, required: bool = False) -> Expected:
    values = ("dev", "prod") if kind == "enum" else ()
    return Expected(required, kind, values, r"k-\d+" if kind == "regex" else "")


def test_every_type_has_its_cases() -> None:
    assert set(GOOD) == set(BAD) == set(TYPES)


@pytest.mark.parametrize(("kind", "value"), [(k, v) for k, values in GOOD.items() for v in values])
def test_a_value_of_the_type_passes(kind: str, value: str) -> None:
    assert problems({"K": Secret(value)}, {"K": wish(kind)}) == []


@pytest.mark.parametrize(("kind", "value"), [(k, v) for k, values in BAD.items() for v in values])
def test_another_value_is_a_problem_that_names_the_key_and_not_the_value(
    kind: str, value: str
) -> None:
    (found,) = problems({"K": Secret(value)}, {"K": wish(kind)})
    assert isinstance(found, UsageError)
    assert found.what.startswith("K: the value is no")
    assert "value" not in found.what.partition("is ")[2]


def test_no_message_holds_the_value() -> None:
    value = "canary-0815"
    for kind in TYPES:
        (found,) = problems({"K": Secret(value)}, {"K": wish(kind)})
        assert value not in found.what + found.hint


def test_an_absent_or_empty_value_is_wrong_where_it_is_required_and_has_no_type() -> None:
    for kind in ("", *TYPES):
        empty = {"K": Secret("")}
        assert problems({}, {"K": wish(kind)}) == problems(empty, {"K": wish(kind)}) == []
        (absent,) = problems({}, {"K": wish(kind, required=True)})
        (blank,) = problems(empty, {"K": wish(kind, required=True)})
        assert isinstance(absent, NotFoundError)
        assert absent.what == "K: it is required and is not set"
        assert blank.what == "K: it is required and is empty"


def test_every_key_is_told() -> None:
    expected = {"A": wish("port"), "B": wish("url"), "C": wish("", required=True), "D": Expected()}
    found = problems({"A": Secret("x"), "B": Secret("x"), "D": Secret("x")}, expected)
    assert [problem.what[:2] for problem in found] == ["A:", "B:", "C:"]
