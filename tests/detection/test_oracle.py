"""The detector finds what a plain search of every line finds: no more, no less, nowhere else.

One difference is on purpose: in a binary file (a NUL in its first 8,000 bytes, as git decides)
assignments are not looked for; the oracle knows it.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from envguard.core.document import Document
from envguard.detection.detector import Detector
from envguard.detection.search import REACH
from tests.detection import samples
from tests.detection.oracle import RULES, sight, sights

SEEDS = st.integers(0, 99)
EXAMPLES = st.sampled_from([e for rule in RULES for e in rule.examples])
NON_EXAMPLES = st.sampled_from([e for rule in RULES for e in rule.non_examples])
TOKENS = st.builds(samples.expand, EXAMPLES, SEEDS)
NEAR_MISSES = st.one_of(
    st.builds(samples.expand, NON_EXAMPLES, SEEDS),
    TOKENS.map(lambda token: token[:-1]),
    TOKENS.map(lambda token: b"x" + token + b"x"),
    st.builds(lambda token, cut: token[: len(token) * cut // 10], TOKENS, st.integers(3, 9)),
)
NAMES = st.sampled_from(
    b"password PASSWORD db.password secret_key apiKey api-key token my_token pass signing_key "
    b"Authorization passphrase client_secret pwd credentials_json _key accessKey2".split()
)
OPERATORS = st.sampled_from(
    b'=| = |: |:=|=>|(|, |>|==|  =  |": "|\': \'|: &str = | : Optional[str] = |\\": \\"|\t=\t|\f='
    b"|:              = ".split(b"|")
)
VALUES = st.one_of(
    st.sampled_from([b'"', b"'", b"`", b'\\"', b"", b'Some("', b'r"']).flatmap(
        lambda quote: st.builds(
            lambda body: quote + body + quote[-1:],
            st.from_regex(rb"[A-Za-z0-9 !$%&/=?+#~_.<>{}()-]{3,40}", fullmatch=True),
        )
    ),
    st.builds(lambda size: b"v1" * size, st.integers(150, 260)),
)
ASSIGNMENTS = st.builds(lambda *parts: b"".join(parts), NAMES, OPERATORS, VALUES)
NOISE = st.one_of(
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=20),
    st.sampled_from(
        [b" ", b"\t", b'"', b"'", b"\\", b", ", b"x", b"\0", b"\xff", b"\xe2\x82", b"\r"]
    ),
    st.sampled_from(["ä", "€", "😀", "é" * 9]).map(str.encode),
)
PIECES = st.one_of(TOKENS, NEAR_MISSES, ASSIGNMENTS, NOISE)
LINES = st.lists(PIECES, max_size=6).map(b"".join)
BREAKS = st.sampled_from([b"\n", b"\r\n", b"\n\n"])
DOCUMENTS = st.builds(
    lambda lines, brk, last: brk.join(lines) + last,
    st.lists(LINES, max_size=8),
    BREAKS,
    st.sampled_from([b"", b"\n", b"\r\n"]),
)
THOROUGH = settings(
    max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


def check(detector: Detector, text: bytes) -> None:
    """The detector sees what the oracle sees."""
    assert [sight(c) for c in detector.candidates(Document("", text))] == sights(text)


@THOROUGH
@given(DOCUMENTS)
@example(b"")
@example(b"\n")
@example(b"password=\r\nabcdefgh")
@example(b"password\f= 'abcdefgh'")
@example(b"token:              = 'abcdefgh'")
def test_the_detector_equals_a_plain_search_of_every_line(detector: Detector, text: bytes) -> None:
    check(detector, text)


# Around each cut that a window could make, and a good way past all of them.
DISTANCES = st.one_of(
    st.integers(0, 80),
    *(st.integers(-90, 90).map(lambda d, n=n: n * REACH + d) for n in (1, 2, 3, 4)),
)
FILLERS = st.sampled_from(
    [b" ", b"a", b"A1", b"-", b"a.b, ", b"x=", b'"', b"password ", b"key: v1v2v3 ", "ä".encode()]
)


def filler(unit: bytes, size: int) -> bytes:
    return (unit * (size // len(unit) + 1))[:size]


FAR_APART = st.lists(
    st.tuples(st.builds(filler, FILLERS, DISTANCES), TOKENS | ASSIGNMENTS | NEAR_MISSES),
    min_size=1,
    max_size=4,
).map(lambda parts: b"".join(before + token for before, token in parts))


@settings(THOROUGH, max_examples=80)
@given(FAR_APART, st.builds(filler, FILLERS, DISTANCES), st.sampled_from([b"", b"a = 1\n"]))
def test_no_cut_in_a_long_line_invents_or_hides_a_candidate(
    detector: Detector, middle: bytes, end: bytes, start: bytes
) -> None:
    check(detector, start + middle + end)


@pytest.mark.parametrize("distance", [*range(-70, 70, 3), REACH, 2 * REACH - 1])
@pytest.mark.parametrize("other", [b"", b"z"])
def test_a_token_at_the_left_cut_is_seen_with_what_stands_before_it(
    detector: Detector, distance: int, other: bytes
) -> None:
    token = samples.expand("{github:npm_}")
    # The later token's window would begin at, or inside, the earlier one.
    between = b" " * (REACH - len(token) + distance)
    text = b"-" * 3 * REACH + other + token + between + token + b" " * 3 * REACH
    check(detector, text)
    found = detector.candidates(Document("", text))
    assert len(found) == (1 if other else 2)


@pytest.mark.parametrize("before", [b"z", b" ", b"z" * 90 + b"."])
@pytest.mark.parametrize("second", [b"{token}", b"token=abcdef", b"password='   token=abcdef   '"])
def test_what_begins_where_a_search_goes_on_is_seen_with_what_stands_before_it(
    detector: Detector, before: bytes, second: bytes
) -> None:
    token = samples.expand("{github:npm_}")
    for first in (token, b"token=v"):
        for shift in (1, *range(0, -40, -4)):
            between = b" " * (REACH + shift - len(before)) + before
            text = first + between + second.replace(b"{token}", token) + b" " * 3 * REACH
            check(detector, text)


@pytest.mark.parametrize("size", [60, 1500, 1975, 2000])
@pytest.mark.parametrize("more", [b" ", b"a", b"/" * 40])
def test_a_value_that_reaches_over_the_right_cut_is_seen_whole(
    detector: Detector, size: int, more: bytes
) -> None:
    head = samples.expand("fm2_{alnum:90}")
    for shift in (0, 1, 40, 400, 1900):
        first = b"-" * REACH + head + b"b" * 50 + b" " * (2 * REACH - size - 200 + shift)
        text = first + head + b"c" * (size - 90) + more + b" " * 3 * REACH
        check(detector, text)


@settings(THOROUGH, max_examples=25)
@given(
    st.lists(TOKENS, min_size=1, max_size=4),
    st.integers(40, 120),
    st.sampled_from([b" ", b",", b'","']),
)
def test_many_tokens_in_one_line_are_each_seen(
    detector: Detector, tokens: list[bytes], times: int, between: bytes
) -> None:
    check(detector, between.join(tokens * times))


LABELS = st.sampled_from(["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY"])
FORMS = st.sampled_from([samples.pem, samples.pem_escaped, samples.pem_quoted, samples.pem_base64])
KEYS = st.builds(
    lambda form, label, seed: form(samples.seeded(seed), label).encode(), FORMS, LABELS, SEEDS
)


@settings(THOROUGH, max_examples=60)
@given(
    st.lists(
        st.tuples(KEYS | TOKENS, st.integers(0, 10), st.builds(filler, FILLERS, DISTANCES)),
        min_size=1,
        max_size=3,
    )
)
def test_keys_over_several_lines_are_seen_whole_or_not_at_all(
    detector: Detector, parts: list[tuple[bytes, int, bytes]]
) -> None:
    """Some are cut off: a header without its end, or an end without its header."""
    text = b"\n".join(
        (key if cut > 7 else key[: len(key) * cut // 8] if cut % 2 else key[len(key) * cut // 8 :])
        + b"\n"
        + rest
        for key, cut, rest in parts
    )
    check(detector, text)
