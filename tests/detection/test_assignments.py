"""Assignments: which name, which value, and where it stands."""

from __future__ import annotations

import re

import hyperscan
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.detection.assignments import ANCHOR, PATTERN
from tests.detection.oracle import assignments


def found(line: str) -> list[tuple[str, str, str, bool]]:
    """Key, operator, value, and whether it is quoted."""
    data = line.encode()
    return [
        (a.key, a.operator, data[a.start : a.end].decode(), a.quoted) for a in assignments(data)
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("password = hunter2", ("password", "=", "hunter2", False)),
        ('password = "a b"', ("password", "=", "a b", True)),
        ("password: 'it`s'", ("password", ":", "it`s", True)),
        ("password := `x y`", ("password", ":=", "x y", True)),
        ('"password": "x"', ("password", ":", "x", True)),
        ('{\\"api_key\\": \\"abc\\"}', ("api_key", ":", "abc", True)),
        ("'db.password' => 'x'", ("db.password", "=>", "x", True)),
        ('config["secret"] = "x"', ("secret", "=", "x", True)),
        ('setSecret("abc")', ("setSecret", "(", "abc", True)),
        ('put("token", "abc")', ("token", ",", "abc", True)),
        ("<password>abcdef</password>", ("password", ">", "abcdef", False)),
        ('if password == "abc":', ("password", "==", "abc", True)),
        ('let token: &str = "abc"', ("token", "=", "abc", True)),
        ('token: Optional[str] = "abc"', ("token", "=", "abc", True)),
        ('token: Some("abc")', ("token", ":", "abc", True)),
        ('token = r"abc"', ("token", "=", "abc", True)),
        ('MY_APP.token-name="abc"', ("MY_APP.token-name", "=", "abc", True)),
        ("AWS_ACCESS_KEY=abcdef ghi", ("AWS_ACCESS_KEY", "=", "abcdef", False)),
        ("Authorization: abcdef", ("Authorization", ":", "abcdef", False)),
        ("password\t=\tabcdef", ("password", "=", "abcdef", False)),
        ("password=abcdef\r", ("password", "=", "abcdef", False)),
        ('password="äöü"', ("password", "=", "äöü", True)),
    ],
)
def test_a_value_given_to_the_name_of_a_credential_is_an_assignment(
    line: str, expected: tuple[str, str, str, bool]
) -> None:
    assert found(line) == [expected]


@pytest.mark.parametrize(
    "line",
    [
        "user = admin",
        "password",
        "password = ",
        "password = abc",  # bare values have four characters and more
        "password = get_password()",
        "password = values[0]",
        'password = ""',
        "the password is hunter2",
        "compass = north",
        "monkey_business = 12345",
    ],
)
def test_a_line_without_one_holds_no_assignment(line: str) -> None:
    assert found(line) == []


def test_a_line_may_hold_several_assignments() -> None:
    line = 'user=a password="x y" --token=abcdef'
    assert [key for key, *_ in found(line)] == ["password", "--token"]


def test_a_key_is_read_whole_up_to_a_length() -> None:
    assert found("A" * 20 + "_TOKEN=abcdef")[0][0] == "A" * 20 + "_TOKEN"
    assert len(found("A" * 500 + "_TOKEN=abcdef")[0][0]) < 80


def test_a_value_that_is_not_ascii_or_no_utf8_keeps_its_bytes() -> None:
    line = b'password="\xff\xe4x"'
    (one,) = assignments(line)
    assert line[one.start : one.end] == b"\xff\xe4x"


@given(st.from_regex(PATTERN.encode(), fullmatch=True) | st.from_regex(PATTERN.encode()))
def test_the_anchor_matches_inside_every_assignment(text: bytes) -> None:
    for line in text.split(b"\n"):
        for match in re.finditer(PATTERN.encode(), line):
            places = ends(line)
            assert any(match.start() < place <= match.end() for place in places), line


@given(st.binary(max_size=80))
def test_offsets_lie_in_the_line_and_no_two_values_share_bytes(noise: bytes) -> None:
    line = b'token="' + noise.replace(b"\n", b"") + b'" secret=abcd' + noise.replace(b"\n", b"=")
    last = 0
    for one in assignments(line):
        assert last <= one.start < one.end <= len(line)
        last = one.end


def ends(line: bytes) -> list[int]:
    found: list[int] = []
    DATABASE.scan(line, match_event_handler=lambda _id, _from, to, _flags, _ctx: found.append(to))
    return found


DATABASE = hyperscan.Database()
DATABASE.compile(expressions=[ANCHOR.encode()], ids=[0], flags=[0])


def test_the_anchor_is_also_an_expression_of_python() -> None:
    assert re.search(ANCHOR, "password=x")
