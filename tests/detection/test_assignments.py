"""Assignments: which name, which value, and where it stands."""

from __future__ import annotations

import re

import hyperscan
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.detection.assignments import ANCHORS, PATTERN
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
        ('password = "hunter"', ("password", "=", "hunter", True)),
        ("password: 'it`s-me'", ("password", ":", "it`s-me", True)),
        ("password := `x'y-zw`", ("password", ":=", "x'y-zw", True)),
        ('"password": "qzjrkw"', ("password", ":", "qzjrkw", True)),
        ('{\\"api_key\\": \\"abcdef\\"}', ("api_key", ":", "abcdef", True)),
        ("'db.password' => 'abcdef'", ("db.password", "=>", "abcdef", True)),
        ('config["secret"] = "abcdef"', ("secret", "=", "abcdef", True)),
        (
            'setSecret("abc4defghij5klmn")',  # envguard:allow
            ("setSecret", "(", "abc4defghij5klmn", True),
        ),  # envguard:allow
        ('put("token", "abc45def")', ("token", ",", "abc45def", True)),
        ("<password>abc45def</password>", ("password", ">", "abc45def", False)),
        ('if password == "abc45def":', ("password", "==", "abc45def", True)),
        ('let token: &str = "abcdef"', ("token", "=", "abcdef", True)),
        ('token: Optional[str] = "abcdef"', ("token", "=", "abcdef", True)),
        ('token: Some("abcdef")', ("token", ":", "abcdef", True)),
        ('token = r"abcdef"', ("token", "=", "abcdef", True)),
        ('MY_APP.token-name="abcdef"', ("MY_APP.token-name", "=", "abcdef", True)),
        ("AWS_ACCESS_KEY=abc+ef ghi", ("AWS_ACCESS_KEY", "=", "abc+ef", False)),
        ("Authorization: abc4def5ghi", ("Authorization", ":", "abc4def5ghi", False)),
        ("password\t=\tabcde1", ("password", "=", "abcde1", False)),
        ("password=abcde1\r", ("password", "=", "abcde1", False)),
        ("KEY='\"abcdef\"' TOKEN='\"abcdef\"'", ("TOKEN", "=", '"abcdef"', True)),
        ("master.key=abc4def5ghi", ("master.key", "=", "abc4def5ghi", False)),
        ("signing_key_prod: abc4def5ghi", ("signing_key_prod", ":", "abc4def5ghi", False)),
        ("SESSION_KEY: 'abc4def5ghi'", ("SESSION_KEY", ":", "abc4def5ghi", True)),
        ("pass: abc4def5", ("pass", ":", "abc4def5", False)),
        ("openssl rsa -passin pass:abc4def5", ("-passin pass", "pass:", "abc4def5", False)),
        ("$password = $abc4-def;", ("password", "=", "$abc4-def", False)),
        ('x = y ? "a" : {"password": "abc4def"}', ("password", ":", "abc4def", True)),
        ("IDENTIFIED BY 'abc4def'", ("password", "sql", "abc4def", True)),
        ('CREATE USER a PASSWORD "abc4def"', ("PASSWORD", "blank", "abc4def", True)),
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
        "password = abc4",  # bare values have five characters and more
        "password = 'abc'",
        "password = get_password()",
        "password = config.password",
        "password = values4[0]",
        "password = PASSWORDS1['a']",
        'password = ""',
        'password = "Enter your password"',
        'password = "$(pass)"',
        'password = "${PASS_WORD}"',
        'password = "<password>"',
        'password = "%(password)s"',
        'token_file = "/run/secrets/token"',
        'password="äöüäöü"',
        "password=abcdef4ü",
        "the password is hunter2",
        "compass = north1",
        "monkey_business = 123456",
        "check(password, user12, value34)",
        'check(password, "abcdefghijklmnopqrst")',  # looks random nowhere
        "session_key = abcdefghijklmnopqrst",
        'hashPassword("password", "abc4def5")',
        "overlay=eof_action=pass:repeatlast=0",
        "$password = $event1->getData();",
        '$type = $hidden ? "password" : "abc4def5";',
        "# connections identified by `identifiers` on this server",
        'password_field "person", "password1"',
        "first_key=abc4def5ghi6{x}",
        "first_key=abc4def5ghi6(x)",
        'Authorization: Digest username="abc4def5ghi6", realm="r"',
    ],
)
def test_a_line_without_one_holds_no_assignment(line: str) -> None:
    assert found(line) == []


def test_a_line_may_hold_several_assignments() -> None:
    line = 'user=a password="x-y-zw" --token=abcde1'
    assert [key for key, *_ in found(line)] == ["password", "--token"]


def test_a_key_is_read_whole_up_to_a_length() -> None:
    assert found("A" * 20 + "_TOKEN=abcde1")[0][0] == "A" * 20 + "_TOKEN"
    assert len(found("A" * 500 + "_TOKEN=abcde1")[0][0]) < 80


@given(st.from_regex(PATTERN.encode(), fullmatch=True) | st.from_regex(PATTERN.encode()))
def test_the_anchor_matches_inside_every_assignment(text: bytes) -> None:
    for line in text.split(b"\n"):
        for match in re.finditer(PATTERN.encode(), line):
            places = ends(line)
            assert any(match.start() < place <= match.end() + LAST for place in places), line


@given(st.binary(max_size=80))
def test_offsets_lie_in_the_line_and_no_two_values_share_bytes(noise: bytes) -> None:
    line = b'token="' + noise.replace(b"\n", b"") + b'" secret=abcde1' + noise.replace(b"\n", b"=")
    last = 0
    for one in assignments(line):
        assert last <= one.start < one.end <= len(line)
        last = one.end


LAST = 6  # bytes after a plain word, which tell that it ends there


def ends(line: bytes) -> list[int]:
    found: list[int] = []
    DATABASE.scan(line, match_event_handler=lambda _id, _from, to, _flags, _ctx: found.append(to))
    return found


DATABASE = hyperscan.Database()
DATABASE.compile(
    expressions=[anchor.encode() for anchor in ANCHORS],
    ids=list(range(len(ANCHORS))),
    flags=[0] * len(ANCHORS),
)


def test_the_anchors_are_also_expressions_of_python() -> None:
    assert any(re.search(anchor, "password=abcde1") for anchor in ANCHORS)
