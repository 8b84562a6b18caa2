"""A derived anchor is found inside every match of its expression, and the matcher takes it."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from envguard.detection.automaton import Automaton, takes
from envguard.detection.derived import derive

LETTERS = st.sampled_from(
    ["a", "key", "Xy", r"\.", "-", "é", "€", r"\d", r"\w", r"\s", ".", "[a-f0-9]", "[^x]", "[é-ü]"]
)
REPEATS = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{0,3}", "{2,5}?", "{3,}", "{50}"])
# Of a group, and only of one that repeats nothing: the oracle, `re`, may take forever for others.
FEW = st.sampled_from(["?", "{2}", "{0,3}"])
FLAGS = st.sampled_from([0, re.ASCII, re.IGNORECASE, re.DOTALL, re.ASCII | re.IGNORECASE])


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    groups = st.sampled_from(["(?:%s)", "(%s)", "(?i:%s)", "(?-i:%s)", r"\b%s", "%s$", "(?=%s)"])
    plain = inner.filter(lambda text: not {"*", "+", "{", "?"} & {*text})
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.builds(lambda text, group: group % text, inner, groups),
        st.builds(lambda text, repeat: f"(?:{text}){repeat}", plain, FEW),
    )


EXPRESSIONS = st.recursive(
    st.builds(lambda letter, repeat: letter + repeat, LETTERS, REPEATS), _combined, max_leaves=8
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(EXPRESSIONS, FLAGS, st.data())
def test_the_anchor_is_found_inside_every_match(
    expression: str, flags: int, data: st.DataObject
) -> None:
    pattern = re.compile(expression, flags)
    try:
        anchor = derive(expression, flags)
    except ValueError:
        assume(False)
    assume(takes(anchor.expressions[0]))
    text = data.draw(st.from_regex(pattern))
    match = pattern.search(text)
    assert match is not None
    assume(match[0])
    encoded = text.encode("utf-8", "surrogatepass")
    start = len(text[: match.start()].encode("utf-8", "surrogatepass"))
    end = start + len(match[0].encode("utf-8", "surrogatepass"))
    ends = [end for _, end in Automaton.compiled([anchor.expressions[0]]).ends(encoded)]
    inside = [hit for hit in ends if start < hit <= end]
    assert inside
    assert min(hit - start for hit in inside) <= anchor.before
    assert min(end - hit for hit in inside) <= anchor.after


@pytest.mark.parametrize(
    ("expression", "anchor"),
    [
        (r"ghp_[0-9a-zA-Z]{36}", r"ghp\x5f[\x30-\x39\x41-\x5a\x61-\x7a]{36}"),
        (r"[\w.-]{0,50}?key=[a-f]{8,90}", r"key\x3d[\x61-\x66]{8}"),
        (r"\bcurl\b.*-u ([^ ]+)", "curl"),
        (r"(['\"])secret-[0-9]{4}\1", r"[\x22\x27]secret\x2d[\x30-\x39]{4}"),
        (r"a.{3}b", r"a[\x00-\x09\x0b-\xff]{3,12}b"),
    ],
)
def test_an_anchor_leaves_out_what_says_nothing(expression: str, anchor: str) -> None:
    assert derive(expression, re.ASCII).expressions[0] == anchor


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (r"a.b", "a€b"),
        (r"a[^x]{2}b", "a€😀b"),
        (r"x\wy", "xéy"),
        (r"(?i)aéb", "AÉB"),
        (r"a€+b", "a€€b"),
    ],
)
def test_a_character_beyond_ascii_is_several_bytes(expression: str, text: str) -> None:
    encoded = text.encode()
    assert Automaton.compiled([derive(expression).expressions[0]]).ends(encoded)


@pytest.mark.parametrize("expression", ["", "a?", "(?:x*)", r"\b", "(?=a)", "a|", ".*"])
def test_an_expression_that_matches_nothing_at_all_has_no_anchor(expression: str) -> None:
    with pytest.raises(ValueError, match="looked for"):
        derive(expression)


def test_a_simpler_anchor_is_there_where_the_matcher_does_not_take_the_best() -> None:
    anchor = derive(r"(?:secret[a-f0-9]{1000,}x){900,1000}y?")
    assert len(anchor.expressions) >= 1
    anchor = derive(r"head-[a-z]{5}-tail")
    assert anchor.expressions[1] == r"head\x2d"
