"""A text in windows gives what it gives as a whole, wherever the windows are cut."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.core.document import Document
from envguard.detection.detector import Candidate, Detector
from envguard.detection.segments import candidates
from tests.detection import samples

GITHUB = samples.expand("{github:ghp_}")
KEY = samples.pem(samples.seeded(4), "PRIVATE KEY").encode()
CONTEXT = 50_000  # three times the span of the rules, and more

TOKENS = [
    GITHUB,
    samples.expand("{jwt:HS256}"),
    KEY,
    b'password = "' + samples.expand("{alnum:24}") + b'"',
    b"\npassword: " + samples.expand("{alnum:20}", 2) + b"  # gitleaks:allow\n",
    b"\n// pragma: allowlist nextline secret\ntoken " + GITHUB,
]
NOISE = [
    b"\n",
    b"\r\n",
    b" ",
    b"\0",
    b"\xff\xfe",
    b"\xe2\x82",
    b"\x80\x80\x80\x80\x80",
    "ä€😀".encode(),
    b"-----BEGIN PRIVATE KEY-----\n",
]
FILLERS = [b"x = 1\n", b"a,b;", "ü ".encode(), "€😀".encode(), b"\0\1", b"\n", b"\x80"]

LENGTHS = st.one_of(st.integers(0, 300), st.integers(0, 30_000), st.just(70_000))
Part = tuple[bytes, int]  # so that an example has a short name
PARTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([*TOKENS, *NOISE]), st.just(1)),
        st.tuples(st.sampled_from(FILLERS), LENGTHS),
    ),
    max_size=14,
)


def joined(parts: list[Part]) -> bytes:
    return b"".join(unit * max(size // len(unit), 1) for unit, size in parts)


def whole(detector: Detector, text: bytes) -> list[Candidate]:
    return list(detector.candidates(Document("", text)))


def in_windows(
    detector: Detector, text: bytes, *, piece: int, segment: int, context: int = CONTEXT
) -> list[Candidate]:
    def look(window: bytes) -> list[Candidate]:
        return whole(detector, window)

    return list(candidates(look, cut(text, piece), segment=segment, context=context))


def cut(text: bytes, size: int) -> Iterator[bytes]:
    return (text[start : start + size] for start in range(0, len(text), size))


@given(parts=PARTS, piece=st.integers(1, 50_000), segment=st.integers(500, 60_000))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_windows_give_what_the_whole_text_gives(
    detector: Detector, parts: list[Part], piece: int, segment: int
) -> None:
    text = joined(parts)
    piece = max(piece, len(text) // 500)
    assert in_windows(detector, text, piece=piece, segment=segment) == whole(detector, text)


@given(
    parts=PARTS,
    encoding=st.sampled_from(["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]),
    piece=st.integers(1, 50_000),
    segment=st.integers(500, 60_000),
)
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
def test_other_encodings_are_decoded_as_they_come(
    detector: Detector, parts: list[Part], encoding: str, piece: int, segment: int
) -> None:
    encoded = ("\ufeff" + joined(parts).decode("utf-8", "replace")).encode(encoding)
    piece = max(piece, len(encoded) // 500)
    assert in_windows(detector, encoded, piece=piece, segment=segment) == whole(detector, encoded)


@pytest.mark.prove
@given(parts=PARTS, piece=st.integers(1, 50_000), segment=st.integers(20, 60_000))
@settings(max_examples=1000, suppress_health_check=list(HealthCheck))
def test_many_windows_give_what_the_whole_text_gives(
    detector: Detector, parts: list[Part], piece: int, segment: int
) -> None:
    text = joined(parts)
    segment, piece = max(segment, len(text) // 300), max(piece, len(text) // 500)
    assert in_windows(detector, text, piece=piece, segment=segment) == whole(detector, text)


@pytest.mark.parametrize("token", TOKENS[:4], ids=["github", "jwt", "pem", "assignment"])
@pytest.mark.parametrize("filler", [b"a,b;", b"x = 1\n", "é\n".encode()])
def test_a_token_on_a_border_is_seen_once(detector: Detector, token: bytes, filler: bytes) -> None:
    for shift in range(-len(token) - 2, 3, 7):
        before = (filler * 80_000)[: 100_000 + shift]
        text = before + b" " + token + b" " + filler * 80_000
        found = in_windows(detector, text, piece=100_000, segment=100_000)
        assert found == whole(detector, text)
        assert found


def test_a_marker_in_the_line_before_holds_for_the_end_of_a_long_line(detector: Detector) -> None:
    text = b"# envguard:allow-next-line\n" + b"a," * 200_000 + b" " + GITHUB + b" "
    (found,) = in_windows(detector, text, piece=10_000, segment=50_000)
    assert found.marked
    assert (found.line, found.column) == (2, 400_002)
    text = text.replace(b"allow", b"other", 1)
    (found,) = in_windows(detector, text, piece=10_000, segment=50_000)
    assert not found.marked


def test_a_marker_that_a_window_cuts_in_two_holds(detector: Detector) -> None:
    for shift in range(0, 1000, 20):
        before = b"a," * 20_000 + b"." * shift + b"# envguard:allow-next-line\n"
        text = before + b"a," * 40_000 + b" " + GITHUB + b" "
        (found,) = in_windows(detector, text, piece=10_000, segment=1000, context=0)
        assert found.marked


@pytest.mark.parametrize("character", ["ü", "€", "😀"])
def test_a_character_that_a_border_cuts_is_one_column(detector: Detector, character: str) -> None:
    filler = character.encode() * 20_000
    text = filler + GITHUB + filler
    for segment in range(len(filler) - 40, len(filler) + 4):
        found = in_windows(detector, text, piece=10_000, segment=segment, context=16_000)
        assert found == whole(detector, text)
        assert [candidate.column for candidate in found] == [20_001]


@pytest.mark.parametrize("beginning", [b"", b"\0"])
@pytest.mark.parametrize("later", [b"", b"\0"])
def test_a_text_is_binary_by_its_beginning_and_not_by_that_of_a_window(
    detector: Detector, beginning: bytes, later: bytes
) -> None:
    secret = b' password = "' + samples.expand("{alnum:24}") + b'" '
    text = beginning + b"a," * 5000 + (b"a," * 500 + later) * 300 + secret
    found = in_windows(detector, text, piece=10_000, segment=30_000)
    assert found == whole(detector, text)
    assert bool(found) is not bool(beginning)


def test_what_looks_like_a_byte_order_mark_where_a_window_begins_is_none(
    detector: Detector,
) -> None:
    unit = b"\xff\xfe" + (" " + GITHUB.decode() + " ").ljust(63).encode("utf-16-le")
    text = b"no NUL, so not binary".ljust(128 * 70) + unit * 2000
    segment, context = 128 * 200, 128 * 400  # so that a mark is the first that windows see
    assert not in_windows(detector, text, piece=10_000, segment=segment, context=context)
    assert whole(detector, unit)


def test_what_is_encoded_in_a_decoded_text_keeps_the_name_of_its_own_encoding(
    detector: Detector,
) -> None:
    def look(text: bytes) -> list[Candidate]:
        return [c._replace(decoded="base64") for c in whole(detector, text)]

    text = f"\ufeff {GITHUB.decode()} ".encode("utf-16-le")
    assert [c.decoded for c in candidates(look, [text])] == ["base64"]


def test_each_piece_is_a_step() -> None:
    steps: list[None] = []
    assert not list(candidates(lambda _: [], [b"12345", b"6", b"7"], lambda: steps.append(None)))
    assert len(steps) == 3


def test_memory_is_that_of_a_window_and_not_of_the_text(detector: Detector) -> None:
    piece = b"some text, with words; " * 40_000
    tracemalloc.start()
    try:
        found = any(
            candidates(
                lambda text: whole(detector, text),
                (piece for _ in range(40)),
                segment=1 << 20,
                context=CONTEXT,
            )
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert not found
    assert peak < 8 << 20
