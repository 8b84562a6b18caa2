"""Known values: found as they stand, in other spellings and under encodings, and told once."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.core.document import Document
from envguard.core.rule import Confidence
from envguard.core.secret import Secret
from envguard.detection.detector import Candidate, Detector
from envguard.detection.findings import describe
from envguard.detection.known_values import KnownValues, WithKnown
from tests.detection.disguises import (
    FOURTEEN,
    Codec,
    hex_escapes,
    in_utf16_without_mark,
    percent,
    unicode_escapes,
)
from tests.detection.samples import ALNUM, expand, letters, seeded

MIXED = "p@ss/w0rd&<1>+\"q'"
SHORT = "k7Lp0+xQ"
LONG = letters(seeded("long"), ALNUM, 40)
TOKEN = expand("{github:ghp_}", 3).decode()
LINES = [letters(seeded(f"line {n}"), ALNUM + "+/", 64) for n in range(3)]
KEY = "-----BEGIN " + "PRIVATE KEY-----\n" + "\n".join(LINES) + "\n-----END PRIVATE KEY-----\n"
NAMED = {MIXED: "DB_PASSWORD", SHORT: "PIN", LONG: "API_SECRET", TOKEN: "TOKEN", KEY: "SSH_KEY"}


@pytest.fixture(scope="module")
def finder(detector: Detector) -> WithKnown:
    values = KnownValues({Secret(value): key for value, key in NAMED.items()}, detector)
    return WithKnown(detector, values, frozenset({".env"}))


def seen(finder: WithKnown, text: bytes, path: str = "a.txt") -> list[tuple[str, str]]:
    """Rule and key of each candidate with a key."""
    found = finder.candidates(Document(path, text))
    return [(c.rule.id, c.known) for c in found if c.known is not None]


def line(text: bytes) -> bytes:
    return b"first\nx = [" + text + b"] end\n"


SPELLINGS: dict[str, Codec] = {
    "as it is": bytes,
    "JSON": lambda text: json.dumps(text.decode())[1:-1].encode(),
    "JSON with \\/": lambda text: json.dumps(text.decode())[1:-1].replace("/", "\\/").encode(),
    "HTML": lambda text: html.escape(text.decode()).encode(),
    "quoted": lambda text: quote(text, safe="").encode(),
    "quoted in small letters": lambda text: b"".join(
        part if n % 2 == 0 else part.lower()
        for n, part in enumerate(_split(quote(text, safe="").encode()))
    ),
    "quoted as a form": lambda text: quote_plus(text).encode(),
    "all percent": percent,
    "all unicode": unicode_escapes,
    "all hex escapes": hex_escapes,
    "UTF-16": lambda text: text.decode().encode("utf-16-le"),
    "hex": lambda text: text.hex().encode(),
    "capital hex": lambda text: text.hex().upper().encode(),
    "base64": base64.b64encode,
    "base64 at 1": lambda text: base64.b64encode(b"x" + text),
    "base64 at 2": lambda text: base64.b64encode(b"xy" + text + b"z"),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text).rstrip(b"="),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(b"ab" + text)),
    "hex in base64": lambda text: base64.b64encode(text.hex().encode()),
}


def _split(quoted: bytes) -> list[bytes]:
    import re

    return re.split(rb"(%[0-9A-F]{2})", quoted)


@pytest.mark.parametrize("value", [MIXED, SHORT, LONG], ids=["mixed", "short", "long"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_value_is_found_in_every_spelling(spelling: str, value: str, finder: WithKnown) -> None:
    text = line(SPELLINGS[spelling](value.encode()))
    found = [c for c in finder.candidates(Document("a.txt", text)) if c.known]
    assert [(c.rule.id, c.known, c.secret.reveal()) for c in found] == [
        ("known-value", NAMED[value], value)
    ]
    assert (found[0].line, found[0].confidence("docs/example.md")) == (2, Confidence.HIGH)
    assert text[: text.index(b"[")].count(b"\n") == 1


@pytest.mark.parametrize("name", [n for n in FOURTEEN if n not in ("zip", "gzip", "SQLite")])
def test_a_value_is_found_in_every_disguise_of_a_text(name: str, finder: WithKnown) -> None:
    _, disguise = FOURTEEN[name]
    assert ("known-value", "API_SECRET") in seen(finder, disguise(LONG.encode()))


def test_a_value_is_found_in_utf16_without_a_mark(finder: WithKnown) -> None:
    assert seen(finder, in_utf16_without_mark(LONG.encode())) == [("known-value", "API_SECRET")]


@pytest.mark.parametrize(
    "written",
    [
        KEY,
        KEY.replace("\n", "\r\n"),
        json.dumps(KEY),
        KEY.replace("\n", "\n    "),
        base64.b64encode(KEY.encode()).decode(),
        "\n".join(f'"{part}\\n" +' for part in KEY.splitlines()),
    ],
)
def test_a_value_of_several_lines_is_found_in_every_notation(
    written: str, finder: WithKnown
) -> None:
    assert {key for _, key in seen(finder, f"x{written}y".encode())} == {"SSH_KEY"}


def test_what_a_rule_recognises_is_one_candidate_of_the_rule(finder: WithKnown) -> None:
    for text in (f'T = "{TOKEN}"\n', base64.b64encode(f"T={TOKEN}".encode()).decode()):
        (found,) = finder.candidates(Document("a.py", text.encode()))
        assert (found.rule.id, found.known) == ("github-token", "TOKEN")
        finding = describe(found, Confidence.HIGH, "a.py", None)
        assert finding.title == "GitHub token, value of TOKEN"


def test_a_value_that_only_its_name_tells_is_one_candidate(finder: WithKnown) -> None:
    (found,) = finder.candidates(Document("a.py", f'password = "{LONG}"\n'.encode()))
    assert (found.rule.id, found.known) == ("known-value", "API_SECRET")
    assert describe(found, Confidence.HIGH, "a.py", None).title == "value of API_SECRET"


def test_other_credentials_stay_as_they_are(finder: WithKnown, detector: Detector) -> None:
    other = expand("{github:ghp_}", 9).decode()
    text = f'a = "{other}"\nb = "{LONG}"\nc = "{other}"\n'.encode()
    found = finder.candidates(Document("a.py", text))
    assert [(c.line, c.rule.id, c.known) for c in found] == [
        (1, "github-token", None),
        (2, "known-value", "API_SECRET"),
        (3, "github-token", None),
    ]
    plain = f'a = "{other}"\n'.encode()
    assert finder.candidates(Document("", plain)) == detector.candidates(Document("", plain))


def test_a_marker_allows_a_known_value_too(finder: WithKnown) -> None:
    (found,) = finder.candidates(Document("a.py", f'x = "{LONG}"  # envguard:allow\n'.encode()))
    assert found.marked


def test_a_value_is_no_find_where_it_belongs(finder: WithKnown) -> None:
    text = f"API_SECRET={LONG}\n".encode()
    assert seen(finder, text, ".env") == []
    assert seen(finder, text, "app/.env") == [("known-value", "API_SECRET")]


def test_of_two_values_that_overlap_the_longer_one_is_told(detector: Detector) -> None:
    url = f"postgres://ada:{LONG}@db.example/shop"
    values = KnownValues({Secret(LONG): "PASSWORD", Secret(url): "DATABASE_URL"}, detector)
    found = values.candidates(Document("a", f"{url}\n{LONG}\n".encode()))
    assert [c.known for c in found] == ["DATABASE_URL", "PASSWORD"]


def test_a_long_value_is_found_as_a_whole_and_not_by_its_beginning(detector: Detector) -> None:
    long = letters(seeded("very long"), ALNUM, 20_000)
    values = KnownValues({Secret(long): "BLOB"}, detector)
    assert [c.known for c in values.candidates(Document("a", f"x{long}y".encode()))] == ["BLOB"]
    assert values.candidates(Document("a", f"x{long[:-1]}".encode())) == []


def test_what_was_built_holds_and_shows_no_value(finder: WithKnown) -> None:
    values = finder._values
    assert LONG not in repr(values)
    assert "known-value" in {rule.id for rule in finder.rules}


VALUE = st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=60)


@settings(max_examples=60)
@given(st.lists(VALUE, min_size=1, max_size=4, unique=True), st.data())
def test_every_value_is_found_as_it_stands(
    detector: Detector, values: list[str], data: st.DataObject
) -> None:
    finder = KnownValues({Secret(value): value for value in values}, detector)
    around = data.draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
    for value in values:
        text = f"{around}|{value}|{around}".encode()
        assert any(_covers(text, c, value) for c in finder.candidates(Document("", text)))


def _covers(text: bytes, candidate: Candidate, value: str) -> bool:
    """Whether a candidate is the value, or one that holds it."""
    del text
    return value in candidate.secret.reveal()


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_nothing_is_found_where_nothing_stands(finder: WithKnown, text: bytes) -> None:
    assert all(value.encode() not in text for value in NAMED)
    assert seen(finder, text) == []
