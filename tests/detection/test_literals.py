from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.secret import Secret
from envguard.detection.literals import Literals, is_searchable
from tests.jobs.project import random_value

ONE, TWO = random_value(1), random_value(2)
PEM = f"-----BEGIN KEY-----\n{random_value(3, 64)}\n{random_value(4, 64)}\n-----END KEY-----\n"


@pytest.mark.parametrize(
    ("value", "searchable"),
    [
        ("short12", False),
        ("12345678", True),
        ("production", False),
        ("PRODUCTION", False),
        ("Password", False),
        ("passWord", True),
        ("hunter-two", True),
        (ONE, True),
        ("", False),
    ],
)
def test_what_stands_everywhere_is_not_looked_for(value: str, searchable: bool) -> None:
    assert is_searchable(Secret(value)) is searchable


def test_each_value_is_found_where_it_ends() -> None:
    text = f"a = {TWO}\nb = {ONE}{ONE}\n".encode()
    first = text.index(ONE.encode()) + len(ONE)
    assert Literals([Secret(ONE), Secret(TWO)]).find(text) == [
        (1, 4 + len(TWO)),
        (0, first),
        (0, first + len(ONE)),
    ]


@pytest.mark.parametrize(
    "written",
    [
        PEM,
        PEM.replace("\n", "\r\n"),
        json.dumps(PEM),
        PEM.replace("\n", "\n    "),
        base64.b64encode(PEM.encode()).decode(),
    ],
)
def test_a_value_of_several_lines_is_found_in_every_notation(written: str) -> None:
    found = Literals([Secret(ONE), Secret(PEM)]).find(b"x" + written.encode() + b"y")
    assert {number for number, _ in found} == {1}


@pytest.mark.parametrize("value", ["pass\"word'1234567890abc", "a\\b$c1234567890abcd", "é" * 9])
def test_a_value_is_found_however_it_is_escaped(value: str) -> None:
    literals = Literals([Secret(value)])
    assert literals.find(value.encode())
    assert literals.find(json.dumps(value, ensure_ascii=False).encode())
    assert literals.find(base64.b64encode(f"{value}\n".encode()))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=8), min_size=1))
def test_every_value_is_found_as_it_stands(values: list[str]) -> None:
    text = "\n".join(values).encode()
    found = {number for number, _ in Literals([Secret(value) for value in values]).find(text)}
    assert found == set(range(len(values)))


def test_a_long_value_is_found_and_nothing_is_found_without_values() -> None:
    long = Secret(random_value(5, 20_000))
    assert Literals([long]).find(long.reveal().encode())
    assert not Literals([]).find(b"x" * 100)
    assert ONE not in repr(Literals([Secret(ONE)]))
