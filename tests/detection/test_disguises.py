"""Encoded credentials are found, at the place where they stand; what only looks so is not."""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.core.document import Document
from envguard.detection import segments
from envguard.detection.decoders.kinds import DEEPEST
from envguard.detection.detector import Candidate, Detector
from envguard.detection.inside import Memory
from tests.detection import samples
from tests.detection.disguises import CODECS, FOURTEEN, MORE, in_notebook, percent
from tests.detection.oracle import sight

FAMILIES = {
    "github": "{github:ghp_}",
    "aws": "{aws:AKIA}",
    "npm": "{github:npm_}",
    "stripe": "sk_live_{alnum:24}",
    "gitlab": "{gitlab:glpat-}",
    "google": "AIza{word:35}",
    "slack": "xoxb-{digits:12}-{digits:12}-{alnum:24}",
    "huggingface": "hf_{letters:34}",
    "databricks": "dapi{hex:32}",
    "atlassian": "{atlassian:ATATT3}",
}
TOKEN = samples.expand("{github:ghp_}")
CONTAINERS = ("zip", "gzip", "tar", "tar.gz", "bzip2", "xz", "SQLite")
"""Looked into by the scan; the detector sees a document as it is."""
IN_TEXT = {name: made for name, made in (FOURTEEN | MORE).items() if name not in CONTAINERS}


def find(detector: Detector, text: bytes) -> list[Candidate]:
    return [c for c in detector.candidates(Document("", text)) if c.assignment is None]


def values(detector: Detector, text: bytes) -> list[bytes]:
    return [c.secret.reveal().encode() for c in find(detector, text)]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("disguise", IN_TEXT)
def test_a_token_is_found_in_each_disguise(detector: Detector, family: str, disguise: str) -> None:
    token = samples.expand(FAMILIES[family], 5)
    _, disguised = IN_TEXT[disguise]
    assert values(detector, disguised(token)) == [token]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("before", [b"", b"a", b"ab", b"abc", "ä€".encode()])
@pytest.mark.parametrize("after", [b"", b"\n", b" and more"])
def test_a_token_is_found_wherever_it_stands_in_what_is_encoded(
    detector: Detector, codec: str, before: bytes, after: bytes
) -> None:
    text = CODECS[codec](before + b" " + TOKEN + after)
    (found,) = find(detector, b'x = 1\n"' + text + b'"\n')
    assert found.secret.reveal().encode() == TOKEN
    assert found.line == 2


@pytest.mark.parametrize("codec", CODECS)
def test_the_place_is_that_of_the_token_and_not_of_all_that_is_encoded(
    detector: Detector, codec: str
) -> None:
    encode = CODECS[codec]
    text = b"first\n  k: " + encode(b"x" * 30 + b" " + TOKEN + b" " + b"y" * 30)
    (found,) = find(detector, text)
    shorter = len(encode(b"x" * 30 + b" "))
    whole = len(encode(b"x" * 30 + b" " + TOKEN))
    assert (found.line, found.end_line) == (2, 2)
    assert abs(found.column - (6 + shorter)) <= 3
    assert abs(found.end_column - (6 + whole)) <= 3


def test_two_tokens_in_one_piece_are_two_at_their_places(detector: Detector) -> None:
    other = samples.expand("{github:gho_}", 9)
    text = base64.b64encode(b"a " + TOKEN + b" " + b"-" * 300 + b" " + other)
    first, second = find(detector, text)
    assert (first.secret.reveal(), second.secret.reveal()) == (TOKEN.decode(), other.decode())
    assert first.end_column < second.column


@pytest.mark.parametrize("width", [40, 60, 64, 76])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n    "])
def test_a_piece_that_is_wrapped_into_lines_is_put_together(
    detector: Detector, width: int, end: bytes
) -> None:
    for shift in range(0, width, 7):
        if (shift * 4 // 3) % width > width - 16:
            continue  # what is looked for is itself broken
        plain = b"x" * shift + b" " + TOKEN + b" " + b"y" * 99
        encoded = base64.b64encode(plain)
        lines = [encoded[at : at + width] for at in range(0, len(encoded), width)]
        assert values(detector, b"data: |" + end + end.join(lines) + b"\n") == [TOKEN]


def test_one_token_a_line_is_as_many_tokens(detector: Detector) -> None:
    tokens = [samples.expand("{aws:AKIA}", seed) + b"_" for seed in range(20)]
    text = b"\n".join(base64.b64encode(b" " + token[:-1] + b";") for token in tokens)
    assert values(detector, text) == [token[:-1] for token in tokens]


JOINTS = [
    '" + "',
    '" "',
    '" . "',
    '" .. "',
    '" \\\n "',
    '" +\n   "',
    '"\n"',
    "\" & '",
    '" f"',
    '" <> "',
]


@pytest.mark.parametrize("joint", JOINTS)
@pytest.mark.parametrize("cut", [4, 5, 20, 39])
def test_string_literals_that_are_joined_are_read_as_one(
    detector: Detector, joint: str, cut: int
) -> None:
    end = "'" if joint.endswith("'") else '"'
    text = f'x = "{TOKEN[:cut].decode()}{joint}{TOKEN[cut:].decode()}{end};'.encode()
    assert values(detector, text) == [TOKEN]


@pytest.mark.parametrize("joint", ['", "', '" != "', '"; y = "', '", b: "', '"\n\nx = "'])
def test_literals_that_are_not_joined_are_two(detector: Detector, joint: str) -> None:
    text = f'x = "{TOKEN[:20].decode()}{joint}{TOKEN[20:].decode()}"'.encode()
    assert values(detector, text) == []


@pytest.mark.parametrize(
    "source",
    [
        'x = "{}"\n',
        "x = '{}'\n",
        'x = {"a": "{}"}\n',
        'print("""\n{}\n""")\n',
    ],
)
def test_a_token_in_a_notebook_is_found(detector: Detector, source: str) -> None:
    assert values(detector, in_notebook(TOKEN, source)) == [TOKEN]


@pytest.mark.parametrize(
    "source", ['x = "{}" + "{}"\n', 'x = ("{}"\n     "{}")\n', 'x = "{}" + \\\n "{}"']
)
def test_a_token_that_is_split_in_a_notebook_is_found(detector: Detector, source: str) -> None:
    first, second = TOKEN[:17].decode(), TOKEN[17:].decode()
    code = source.replace("{}", first, 1).replace("{}", second, 1)
    assert values(detector, in_notebook(b"", code)) == [TOKEN]


@pytest.mark.parametrize(
    "source", ['password = "{}"\n', 'x = {"password": "{}"}\n', "db(password='{}')\n"]
)
def test_an_assignment_in_a_notebook_is_seen(detector: Detector, source: str) -> None:
    value = "tr0ub4dor" + "&3xQ7"
    found = detector.candidates(Document("", in_notebook(value.encode(), source)))
    assert [(c.secret.reveal(), c.assignment is not None) for c in found] == [(value, True)]


def test_a_private_key_in_base64_is_one_finding(detector: Detector) -> None:
    key = samples.pem(samples.seeded(4), "PRIVATE KEY").encode()
    found = find(detector, b"tls.key: " + base64.b64encode(key))
    assert [c.rule.id for c in found] == ["private-key-base64"]


def test_what_is_encoded_is_preferred_to_the_assignment_of_its_encoding(
    detector: Detector,
) -> None:
    text = b'api_token = "' + base64.b64encode(TOKEN) + b'"'
    found = detector.candidates(Document("", text))
    assert [(c.rule.id, c.decoded) for c in found] == [("github-token", "base64")]


def test_a_marker_beside_the_encoded_text_allows_what_is_in_it(detector: Detector) -> None:
    text = base64.b64encode(TOKEN) + b"  # envguard:allow\n" + base64.b64encode(TOKEN)
    assert [c.marked for c in find(detector, text)] == [True, False]


def test_no_more_than_so_many_encodings_are_undone(detector: Detector) -> None:
    text = TOKEN
    for _ in range(DEEPEST):
        text = percent(text)
    (found,) = find(detector, text)
    assert found.decoded == ", ".join(["percent"] * DEEPEST)
    assert find(detector, percent(text)) == []


# Base64 and hex are known by how a credential looks in them, once or twice; the others by
# themselves, whatever stands in them. Hex escapes are known on the outside only.
KNOWN_BY_LOOK = {"base64", "base64 for URLs", "hex", "capital hex"}


def is_known(chain: tuple[str, ...]) -> bool:
    """Whether the automaton has expressions for a chain of codecs, the innermost first."""
    outermost_first = chain[::-1]
    for at, name in enumerate(outermost_first):
        if name not in KNOWN_BY_LOOK:
            continue
        run = 0
        while at + run < len(outermost_first) and outermost_first[at + run] in KNOWN_BY_LOOK:
            run += 1
        then = outermost_first[at + run] if at + run < len(outermost_first) else None
        if run > 2 or then == "hex escapes" or (run == 2 and then == "percent"):
            return False
    return True


CHAINS = (
    st.lists(st.sampled_from(sorted(CODECS)), min_size=1, max_size=3).map(tuple).filter(is_known)
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40).map(str.encode)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    chain=CHAINS,
    family=st.sampled_from(sorted(FAMILIES)),
    seed=st.integers(0, 99),
    inner=st.tuples(TEXTS, TEXTS),
    outer=st.tuples(TEXTS, TEXTS),
)
def test_a_token_is_found_under_any_chain_of_codecs_in_any_text(
    detector: Detector,
    chain: tuple[str, ...],
    family: str,
    seed: int,
    inner: tuple[bytes, bytes],
    outer: tuple[bytes, bytes],
) -> None:
    token = samples.expand(FAMILIES[family], seed)
    text = inner[0] + b" " + token + b" " + inner[1]
    for name in chain:
        text = CODECS[name](text)
    assert token in values(detector, outer[0] + b' "' + text + b'" ' + outer[1])


NOISE = random.Random(7)  # noqa: S311 - samples


@pytest.mark.parametrize(
    "encode",
    [
        base64.b64encode,
        lambda data: base64.b64encode(base64.b64encode(data)),
        lambda data: data.hex().encode(),
        lambda data: b"".join(b"\\x%02x" % byte for byte in data),
        percent,
        base64.encodebytes,
    ],
)
def test_random_bytes_give_no_finding(detector: Detector, encode: Callable[[bytes], bytes]) -> None:
    text = encode(NOISE.randbytes(1 << 20))
    assert detector.candidates(Document("", text)) == []


def test_encoded_text_without_a_credential_is_not_decoded(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[bytes] = []
    look = Memory.look
    monkeypatch.setattr(
        Memory, "look", lambda self, *given: looked.append(given[1]) or look(self, *given)
    )
    text = b"The quick brown fox jumps over the lazy dog. {'name': 'value'}\n" * 2000
    detector.candidates(Document("", base64.b64encode(text) + b"\n" + text.hex().encode()))
    assert looked == []


def test_many_encoded_tokens_cost_time_in_proportion(detector: Detector) -> None:
    def seconds(count: int) -> float:
        lines = [base64.b64encode(b"k=" + samples.expand("{github:ghp_}", n)) for n in range(count)]
        text = b"\n".join(lines)
        start = time.perf_counter()
        assert len(values(detector, text)) == count
        return time.perf_counter() - start

    assert seconds(4000) < 12 * seconds(1000) + 0.5


def test_a_long_piece_is_read_in_parts_that_hide_nothing(detector: Detector) -> None:
    tokens = [samples.expand("{github:ghp_}", n) for n in range(60)]
    plain = b"".join(token + b" " + b"-" * 60_000 + b" " for token in tokens)
    assert values(detector, base64.b64encode(plain)) == tokens
    assert values(detector, plain.hex().encode()) == tokens


def test_windows_of_a_large_text_show_what_the_whole_shows(detector: Detector) -> None:
    tokens = [samples.expand("{github:ghp_}", n) for n in range(40)]
    plain = b"".join(token + b" " + b"-" * 90_000 + b" " for token in tokens)
    for text in (
        base64.b64encode(plain),
        base64.encodebytes(b"-" + plain),
        plain.replace(b"-" * 90_000, b"-" * 9000).hex().encode(),
    ):
        pieces = [text[at : at + 100_000] for at in range(0, len(text), 100_000)]
        windows = segments.candidates(lambda window: find(detector, window), pieces)
        assert [sight(c) for c in windows] == [sight(c) for c in find(detector, text)]


def test_tokens_at_the_border_of_two_parts_are_whole_in_one(detector: Detector) -> None:
    count = 30_000
    for encode in (base64.b64encode, lambda text: text.hex().encode()):
        assert values(detector, encode((TOKEN + b"\n") * count)) == [TOKEN] * count
