"""The automaton: where expressions end, and what becomes of wrong ones."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.detection.automaton import Automaton, platform_key

WORDS = Automaton.compiled(["ab", "abc", "(?i)x{2}y"])


def test_every_end_is_told_with_the_number_of_its_expression() -> None:
    assert WORDS.ends(b"ab abc XXy") == [(0, 2), (0, 5), (1, 6), (2, 10)]


def test_a_text_without_any_has_no_ends() -> None:
    assert WORDS.ends(b"") == []
    assert WORDS.ends(b"\0\xff\n") == []


@given(st.text("abcxy\n", max_size=60).map(str.encode))
def test_ends_come_in_order_and_are_those_of_the_expressions(text: bytes) -> None:
    expected = {(0, m.end()) for m in re.finditer(b"ab", text)}
    expected |= {(1, m.end()) for m in re.finditer(b"abc", text)}
    expected |= {(2, m.end()) for m in re.finditer(b"xxy", text)}
    found = WORDS.ends(text)
    assert set(found) == expected
    assert [end for _, end in found] == sorted(end for _, end in found)


def test_a_serialized_automaton_finds_the_same() -> None:
    loaded = Automaton.loaded(WORDS.serialized())
    assert loaded is not None
    assert loaded.ends(b"ab abc XXy") == WORDS.ends(b"ab abc XXy")


@pytest.mark.parametrize("damage", [b"", b"x" * 100, WORDS.serialized()[:-50]])
def test_what_is_no_serialized_automaton_is_refused(damage: bytes) -> None:
    assert Automaton.loaded(damage) is None


@pytest.mark.parametrize("wrong", ["a(?=b)", r"(ab)\1", "(?<!x)ab", "a(", "a{70000}"])
def test_a_refused_expression_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match=re.escape(wrong)):
        Automaton.compiled(["ab", wrong, "cd"])


def test_the_platform_key_is_stable_and_names_the_version() -> None:
    assert platform_key() == platform_key()
    assert platform_key().split()[0].count(".") >= 1
