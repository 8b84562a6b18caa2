"""Go's expressions in Python's words: what is the same, what is written anew, what is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.detection.gitleaks.syntax import FLAGS, to_python


def found(expression: str, text: str) -> list[str]:
    return [match[0] for match in re.finditer(to_python(expression), text, FLAGS)]


@pytest.mark.parametrize(
    ("expression", "text", "matches"),
    [
        (r"a(?i)b|c", "ab aB AB c C", ["ab", "aB", "c", "C"]),
        (r"(?:a(?i)b)c", "abc aBc abC", ["abc", "aBc"]),
        (r"(?i)a(?-i:b)C", "abc Abc aBc ABC", ["abc", "Abc"]),
        (r"(?i)[^a]b", "ab Ab cB", ["cB"]),
        (r"x$", "x\nx\n", []),
        (r"(?m)^x$", "x\nx\n", ["x", "x"]),
        (r"^x", "x\nx", ["x"]),
        (r"x\z", "x x", ["x"]),
        (r"(?s)a.b", "a\nb", ["a\nb"]),
        (r"a.b", "a\nb a\rb", ["a\rb"]),
        (r"\s", "\v \f", [" ", "\f"]),
        (r"[[:alpha:]]+", "ab1é", ["ab"]),
        (r"[^[:^alpha:]]+", "ab1c", ["ab", "c"]),
        (r"[[:word:]\-]+", "a_1-b c", ["a_1-b", "c"]),
        (r"\pL+", "aé1", ["aé"]),
        (r"\p{Lu}", "aÉB", ["É", "B"]),
        (r"\P{L}\p{^L}", "a12b", ["12"]),
        (r"\x{1F600}\x41", "😀A", ["😀A"]),
        (r"\Qa.b*\E+", "a.b*** axb", ["a.b***"]),
        (r"(?P<one>a)(?<two>b)", "ab", ["ab"]),
        (r"(?U)a+", "aaa", ["a", "a", "a"]),
        (r"(?U)a+?", "aaa", ["aaa"]),
        (r"[]a]+", "]a[", ["]a"]),
        (r"[^]a]", "]ab", ["b"]),
        (r"[a\]-]+", "]-ab", ["]-a"]),
        (r"a{,2}", "a{,2} aa", ["a{,2}"]),
        (r"{\d}", "{1} 1", ["{1}"]),
        (r"\w+", "aé_1", ["a", "_1"]),
        (r"é{2}", "éé", ["éé"]),
        (r"\07\141", "\7a", ["\7a"]),
        (r"[\d\-x]+", "1-x y", ["1-x"]),
        (r"(?i:k)", "k K", ["k", "K"]),
        (r"\b*a", "a", ["a"]),
    ],
)
def test_an_expression_finds_what_go_finds(expression: str, text: str, matches: list[str]) -> None:
    assert found(expression, text) == matches


def test_groups_keep_their_numbers() -> None:
    match = re.search(to_python(r"(?i)(?:x)(?P<a>y)(?-i)(z)"), "XYz", FLAGS)
    assert match is not None
    assert match.groups() == ("Y", "z")


@pytest.mark.parametrize(
    "expression",
    ["a(", "a)", "[a", "a**", "a{2}{3}", "*a", "(?=a)", "(?<!a)b", r"(a)\1", r"\Z", r"\y",
     "a{1001}", "[z-a]", "[[:nope:]]", r"\p{Greek}", "\\", "(?P=a)", r"\x{110000}", "a{3,2}"],
)  # fmt: skip
def test_what_go_refuses_or_python_cannot_say_is_an_error(expression: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        to_python(expression)


@given(st.text(max_size=12))
def test_any_text_quoted_finds_itself(text: str) -> None:
    escaped = re.sub(r"([\\.+*?()|\[\]{}^$-])", r"\\\1", text)
    assert re.fullmatch(to_python(escaped), text, FLAGS) is not None


@given(
    st.from_regex(r"(?:[ab.]|\[[ab^]{1,3}b\]|\(a\|b\))(?:[*+?]|\{1,2\})?", fullmatch=True),
    st.text("ab\n^", max_size=8),
)
def test_what_both_languages_say_alike_finds_the_same(expression: str, text: str) -> None:
    try:
        python = re.compile(expression, FLAGS)
    except re.error:
        return
    if "[^" not in expression or "\n" not in text:
        assert found(expression, text) == [match[0] for match in python.finditer(text)]
