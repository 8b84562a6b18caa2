"""What the detector reports: each rule's examples, where they stand, and which rule wins."""

from __future__ import annotations

import re
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from envguard.core.document import Document
from envguard.core.rule import Rule
from envguard.detection.builtin import built_in
from envguard.detection.detector import Candidate, Detector
from envguard.detection.prepare import prepare
from envguard.detection.search import REACH
from tests.detection import samples
from tests.detection.oracle import RULES, place

if sys.version_info >= (3, 11):
    from re import _parser as expressions
else:
    import sre_parse as expressions

EACH = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
GITHUB = samples.expand("{github:ghp_}")
JWT = samples.expand("{jwt:HS256}")
KEY = samples.pem(samples.seeded(4), "PRIVATE KEY").encode()


def find(detector: Detector, text: bytes, path: str = "") -> list[Candidate]:
    return detector.candidates(Document(path, text))


def seen(detector: Detector, text: bytes) -> list[tuple[str, bytes]]:
    """Rule and value of each candidate that is more than nothing."""
    return [
        (c.rule.id, c.secret.reveal().encode("utf-8", "surrogateescape"))
        for c in find(detector, text)
        if c.confidence("") is not None
    ]


@EACH
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b""),
        (b"a = 1\n", b"\nb = 2\n"),
        (b"a = 1\r\n\r\n", b"\r\nb = 2\r\n"),
        ("ä€😀 é\t ".encode(), " ü\n".encode()),
        (b"first\n\xff\xfe\t\xe2\x82 ", b" \xff"),
    ],
    ids=["alone", "lines", "CRLF", "multi-byte", "no UTF-8"],
)
def test_each_example_is_found_at_its_true_place(
    detector: Detector, rule: Rule, before: bytes, after: bytes
) -> None:
    for example in rule.examples:
        token = samples.expand(example, 3)
        match = re.search(rule.pattern.encode(), token)
        assert match is not None
        group = "secret" if "secret" in match.re.groupindex else 0
        text = before + token + after
        start, end = (len(before) + offset for offset in match.span(group))
        found = [c for c in find(detector, text) if c.rule.id == rule.id]
        assert [c.secret.reveal() for c in found] == [match[group].decode()]
        assert (found[0].line, found[0].column) == place(text, start)
        assert (found[0].end_line, found[0].end_column) == place(text, end)


def test_columns_count_characters_and_lines_count_from_one(detector: Detector) -> None:
    text = "x\r\n\tä😀 ".encode() + GITHUB + b"\r\n"
    (found,) = find(detector, text)
    assert (found.line, found.column, found.end_line, found.end_column) == (2, 5, 2, 45)


def test_a_key_over_several_lines_ends_on_its_last_line(detector: Detector) -> None:
    (found,) = find(detector, b"\n\n  " + KEY)
    assert (found.line, found.column) == (3, 3)
    assert found.end_line == 3 + KEY.count(b"\n") - 1
    assert found.end_column == len("-----END PRIVATE KEY-----") + 1


@EACH
def test_no_match_is_longer_than_a_window_can_hold(rule: Rule) -> None:
    longest = expressions.parse(rule.pattern).getwidth()[1]
    assert longest + 16 <= (rule.span or REACH)  # 16: what a lookahead may see


KNOWN = {
    "aws id": b"AKIAIOSFODNN7" + b"EXAMPLE",
    "aws secret": b"wJalrXUtnFEMI/K7MDENG/" + b"bPxRfiCYEXAMPLEKEY",
    "github": b"ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + b"0mLq17",
    "npm": b"npm_qkJaB6MffYVzZXWqmcoF49yrUxP3wf" + b"0LsakP",
}


@pytest.mark.parametrize("value", KNOWN.values(), ids=KNOWN)
@pytest.mark.parametrize(
    "line", [b"%s", b"aws_secret_access_key = %s", b'password: "%s",', b"TOKEN=%s"]
)
def test_a_documented_example_is_not_reported_under_any_rule(
    detector: Detector, line: bytes, value: bytes
) -> None:
    assert seen(detector, line % value) == []
    other = value[:-1] + (b"r" if value[-1:] != b"r" else b"q")
    assert find(detector, b"token = '%s'" % other)


@pytest.mark.parametrize(
    ("line", "rule", "value"),
    [
        (b'password = "%s"' % GITHUB, "github-token", GITHUB),
        (b"GITHUB_TOKEN=%s" % GITHUB, "github-token", GITHUB),
        (b"git clone https://me:%s@github.com/a/b" % GITHUB, "github-token", GITHUB),
        (b"Authorization: Bearer %s" % JWT, "jwt", JWT),
        (b'{"Authorization": "Bearer %s"}' % JWT, "jwt", JWT),
        (b"auth_token=%s" % JWT, "jwt", JWT),
        (
            b"DB_PASSWORD=postgres://app:%s@db/app" % b"hunter2x7",
            "database-url",
            b"hunter2x7",
        ),
    ],
)
def test_a_credential_is_reported_once_by_the_most_specific_rule(
    detector: Detector, line: bytes, rule: str, value: bytes
) -> None:
    assert seen(detector, line) == [(rule, value)]


def test_an_assignment_that_no_rule_knows_is_reported_as_such(detector: Detector) -> None:
    (found,) = find(detector, b'db_password = "tr0ub4dor&3x"')
    assert found.rule.id == "generic-credential"
    assert found.assignment == ("db_password", "=", True, "rest:end")
    assert found.confidence("") is not None


def test_two_credentials_in_one_line_are_two(detector: Detector) -> None:
    other = samples.expand("{github:gho_}", 9)
    assert [value for _, value in seen(detector, GITHUB + b" " + other)] == [GITHUB, other]


def test_names_mean_nothing_in_a_binary_file(detector: Detector) -> None:
    line = b'password = "tr0ub4dor&3x" ' + GITHUB
    assert [rule for rule, _ in seen(detector, line)] == ["generic-credential", "github-token"]
    assert [rule for rule, _ in seen(detector, b"\0" + line)] == ["github-token"]


def test_candidates_do_not_show_their_values(detector: Detector) -> None:
    text = b'password = "tr0ub4dor&3x"\n' + GITHUB
    shown = repr(find(detector, text)) + str(find(detector, text))
    assert "tr0ub4dor" not in shown
    assert GITHUB.decode() not in shown


OWN = rb"""
[[rule]]
id = "own"
title = "Own"
severity = "high"
confidence = "high"
pattern = '''%s'''
anchor = '''%s'''
span = %d
source = "https://example.com"
revoke = ""
examples = []
non_examples = []
"""


def own(pattern: bytes, anchor: bytes, span: int = 0) -> Detector:
    return prepare([*built_in(), (Path("own.toml"), OWN % (pattern, anchor, span))], None)


def test_a_group_that_takes_no_part_in_a_match_is_no_candidate() -> None:
    detector = own(rb"ours_(?P<secret>[0-9]{9})|ours_none", rb"ours_(?:[0-9]{9}|none)")
    assert seen(detector, b"ours_none ours_123456789") == [("own", b"123456789")]


def test_a_rule_over_lines_may_have_its_anchor_at_the_end() -> None:
    detector = own(rb"BEGIN_OWN[a-z\n]{1,80}END_OWN", rb"END_OWN", 128)
    text = b"BEGIN_OWN\nabc\ndef\nEND_OWN"
    assert seen(detector, b"x\n" + text + b"\nx" * 200 + text) == [("own", text)] * 2


def test_a_rule_may_look_for_the_beginning_of_a_line() -> None:
    detector = own(rb"^own_[a-z]{6}\b", rb"own_[a-z]{6}")
    line = b"own_abcdef"
    assert len(find(detector, line + b"\n " + line + b"\n" + line)) == 2
    assert find(detector, b" " * (REACH - 2) + line + b" " * (2 * REACH) + line) == []


def test_what_is_remembered_stays_small(detector: Detector) -> None:
    fresh = own(rb"own_[a-z]{6}", rb"own_[a-z]{6}")
    header = b"-----BEGIN PRIVATE KEY-----\n"
    tracemalloc.start()
    try:
        for number in range(3000):
            find(fresh, b"%d\n" % number + header + b"A " * 24_000)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 80 << 20


MEGABYTE = 1 << 20
HARD: dict[str, Callable[[], bytes]] = {
    "one letter": lambda: b"a" * MEGABYTE,
    "names": lambda: b"password=" * (MEGABYTE // 9),
    "names, then a name with a value": lambda: (b"password" * 60 + b"=x ") * 2000,
    "open quotes": lambda: b'password="' * 200_000,
    "nested quotes": lambda: b"password=" + b"\"'`" * 300_000,
    "escaped quotes": lambda: b'password=\\"' * 90_000,
    "types": lambda: b"token: &str aaaaaaaaaaaaaaaaaaaaaaaaa" * 28_000,
    "tokens in a line": lambda: (GITHUB + b" ") * 25_000,
    "tokens and markers in a line": lambda: b'password="x1y2z3w4k5" # allow ' * 35_000,
    "tokens after a long line with a marker": lambda: (
        b"pragma: allowlist nextline secret\n" + b"-" * 5000 + b"\n" + (GITHUB + b"\n") * 20_000
    ),
    "headers of keys": lambda: b"-----BEGIN RSA PRIVATE KEY-----\n" * 30_000,
    "headers of keys with bodies": lambda: (
        (b"-----BEGIN RSA PRIVATE KEY-----\n" + b"A" * 300 + b"\n") * 3000
    ),
    "headers of PuTTY keys": lambda: (
        (
            b"PuTTY-User-Key-File-2: "
            + b"x" * 20
            + b"Private-Lines: 1\n"
            + b"AAAAAAAAAAAAAAAA\n" * 90
        )
        * 600
    ),
    "pieces of JWTs": lambda: b"eyJaaaaaaaaaaaa." * 65_000,
    "addresses": lambda: b"a.b+c-a.b+c-://u:p@" * 55_000,
    "half addresses": lambda: (b"http" * 7 + b"://u:" + b"p" * 190) * 4500,
    "a name in a window": lambda: (b"twilio " + b"-a" * 30) * 15_000,
    "arrays of AWS keys": lambda: (b"secret_access_key=" + b"a" * 40 + b" ") * 17_000,
}


@pytest.mark.parametrize("kind", HARD)
def test_a_hard_input_takes_time_in_proportion_to_its_size(detector: Detector, kind: str) -> None:
    """On a quiet machine each takes one second at most; what is quadratic takes minutes."""
    text = HARD[kind]()
    began = time.process_time()
    find(detector, text)
    assert time.process_time() - began < 10
