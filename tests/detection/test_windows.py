"""What is found around hits is what a search of the whole text finds."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from envguard.detection.automaton import Automaton
from envguard.detection.derived import derive
from envguard.detection.windows import Memory, Window

PATTERNS = [
    r"[\w.-]{0,50}?key[ ]{0,3}[=:]\s{0,3}([a-z0-9]{8,150})(?:[;\s]|\Z)",
    r"\bkey_[a-z0-9]{4,}\b",
    r"key-[\s\S]{4,}?-end",
    r"\Akey=[0-9]+",
    r"key(?:a|bb){2,6}\Z",
]
PIECES = st.one_of(
    st.sampled_from(
        ["key", "key=", " key: ", "key_", "key-", "-end", ";", "\n", " ", "x", "ä", "😀", "aabb",
         "12345678", "ab" * 300, " " * 600, "." * 3000, "key=abcdefgh1 "]
    ),
    st.text("aby019 =\n", max_size=9),
)  # fmt: skip


@pytest.mark.parametrize("expression", PATTERNS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@example(text="key_" + "ab1" * 900)
@example(text="key-" + "ä\n" * 900 + "-end key-abcd-end")
@example(text=("key = " + "a1" * 20 + "\n") * 50)
@given(text=st.lists(PIECES, max_size=12).map("".join))
def test_hits_lead_to_what_a_search_of_all_the_text_finds(expression: str, text: str) -> None:
    pattern = re.compile(expression, re.ASCII)
    anchor = derive(expression, re.ASCII)
    window = Window(anchor.before, anchor.after, anchor.far, whole=False)
    automaton, encoded = Automaton.compiled([anchor.expressions[0]]), text.encode()
    found: list[str] = []
    done, memory = 0, Memory()
    for _, end in automaton.ends(encoded):
        if end > done:
            matches, done = window.matches(pattern, encoded, end, done, memory)
            found += [encoded[start:stop].decode() for start, stop in matches]
    assert found == [match[0] for match in pattern.finditer(text)]
