"""Inline markers: what they allow, and what they do not."""

from __future__ import annotations

import pytest

from envguard.core.document import Document
from envguard.detection.detector import Detector
from envguard.detection.markers import Markers
from tests.detection import samples

TOKEN = samples.expand("{github:ghp_}")
SAME_LINE = [
    b"envguard:allow",
    b"gitleaks:allow",
    b"betterleaks:allow",
    b"trufflehog:ignore",
    b"kingfisher:ignore",
    b"ggignore",
    b"pragma: allowlist secret",
    b"pragma:allowlist secret",
    b"pragma: whitelist secret",
    b"Pragma: Allowlist Secret",
    b"pragma: whitelist-secret",
]
NEXT_LINE = [
    b"envguard:allow-next-line",
    b"envguard:allow next line",
    b"envguard:allow-nextline",
    b"pragma: allowlist nextline secret",
    b"pragma: allowlist-nextline-secret",
    b"pragma: whitelist nextline secret",
]
BREAKS = pytest.mark.parametrize("brk", [b"\n", b"\r\n"], ids=["LF", "CRLF"])


def marked(detector: Detector, text: bytes) -> list[bool]:
    return [c.marked for c in detector.candidates(Document("", text))]


@BREAKS
@pytest.mark.parametrize("marker", SAME_LINE)
def test_a_marker_allows_its_own_line_and_no_other(
    detector: Detector, marker: bytes, brk: bytes
) -> None:
    line = b'key = "%s"  # %s' % (TOKEN, marker)
    plain = b'key = "%s"' % TOKEN
    assert marked(detector, brk.join([plain, line, plain])) == [False, True, False]
    assert marked(detector, b"/* %s */ " % marker + TOKEN) == [True]


@BREAKS
@pytest.mark.parametrize("marker", NEXT_LINE)
def test_a_marker_for_the_next_line_allows_that_and_no_other(
    detector: Detector, marker: bytes, brk: bytes
) -> None:
    text = brk.join([TOKEN, TOKEN + b" // " + marker, TOKEN, TOKEN])
    assert marked(detector, text) == [False, False, True, False]


def test_json_is_allowed_by_the_line_before(detector: Detector) -> None:
    text = b'{\n  "//": "pragma: allowlist nextline secret",\n  "key": "%s"\n}' % TOKEN
    assert marked(detector, text) == [True]


def test_a_line_may_hold_both_kinds(detector: Detector) -> None:
    both = TOKEN + b" # envguard:allow, envguard:allow-next-line"
    assert marked(detector, both + b"\n" + TOKEN + b"\n" + TOKEN) == [True, True, False]


@pytest.mark.parametrize("text", [b"allow", b"bigignored", b"ignore secret", b"# envguard: allow"])
def test_other_words_allow_nothing(detector: Detector, text: bytes) -> None:
    assert marked(detector, text + b"\n" + TOKEN + b" " + text) == [False]


def test_a_marker_after_any_line_of_a_key_allows_it(detector: Detector) -> None:
    key = samples.pem(samples.seeded(1), "PRIVATE KEY").encode().rstrip()
    assert marked(detector, key + b"  # gitleaks:allow\n" + key) == [True, False]
    assert marked(detector, b"# gitleaks:allow\n" + key) == [False]
    assert marked(detector, b"# envguard:allow-next-line\n" + key) == [True]


def test_a_marker_far_away_in_a_long_line_allows_nothing(detector: Detector) -> None:
    near, far = b" " * 1000, b" " * 3000
    assert marked(detector, TOKEN + near + b"ggignore" + far + TOKEN) == [True, False]
    assert marked(detector, TOKEN + far + b"ggignore" + near + TOKEN) == [False, True]


def test_a_marker_far_above_a_long_line_allows_nothing(detector: Detector) -> None:
    text = b"# envguard:allow-next-line\n" + b"-" * 5000 + b"\n" + TOKEN
    assert marked(detector, text) == [False]


def test_a_next_line_marker_earlier_in_the_same_long_line_allows_nothing(
    detector: Detector,
) -> None:
    text = b"x\n# envguard:allow-next-line" + b"-" * 2500 + b" " + TOKEN
    assert marked(detector, text) == [False]


@pytest.mark.parametrize("gap", [0, 1, 2000, 2040, 2048, 2060, 5000])
def test_many_spans_in_a_line_are_allowed_as_each_one_alone(gap: int) -> None:
    unit = b"S" + b" " * gap
    text = unit * 4 + b" ggignore " + unit * 4 + b"\nS"
    places = [at for at, letter in enumerate(text) if letter == ord("S")]
    together = Markers(text)
    for at in places:
        line_start = text.rfind(b"\n", 0, at) + 1
        alone = Markers(text).allow(line_start, at, at + 1)
        assert together.allow(line_start, at, at + 1) == alone
    assert not together.allow(len(text) - 1, len(text) - 1, len(text))
