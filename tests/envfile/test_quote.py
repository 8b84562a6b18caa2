"""A quoted value reads back as itself, interpolated or not."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from envguard.envfile.quote import (
    Style,
    can_be_spelled,
    can_be_written,
    quote,
    spell,
    style_of,
)
from tests.envfile.pieces import dotenv_reads

VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.text(
    "aA 1'\"\\#$" + "{}:-=\n\r\t\x0c\x85\u2028\ufeffnr", max_size=12
)


@pytest.mark.parametrize(
    ("value", "spelling"),
    [
        ("", ""),
        ("secret:DB_PASSWORD@3", "secret:DB_PASSWORD@3"),
        ("secret:db#password", "'secret:db#password'"),
        ("two words", "'two words'"),
        ("it's", '"it\'s"'),
        ('it\'s "it"', "'it\\'s \"it\"'"),
        ("C:\\temp", "'C:\\temp'"),
        ("ends in \\", "'ends in \\\\'"),
        ("\\\\n", "'\\\\\\n'"),
        ("l1\nl2", "'l1\nl2'"),
        ("l1\r\nl2", '"l1\\r\nl2"'),
        ("$HOME", "'$HOME'"),
    ],
)
def test_a_value_is_spelled_as_short_as_is_safe(value: str, spelling: str) -> None:
    assert quote(value) == spelling


@given(value=VALUES)
def test_a_quoted_value_reads_back_as_itself(value: str) -> None:
    assume(can_be_written(value))
    content = f"K={quote(value)}\nL=1\n".encode()
    assert dotenv_reads(content) == {"K": value, "L": "1"}
    assert dotenv_reads(content, interpolate=True) == {"K": value, "L": "1"}


@given(value=VALUES)
def test_a_protected_value_reads_back_when_it_is_interpolated(value: str) -> None:
    content = f"K={quote(value, protect=True)}\nL=1\n".encode()
    assert dotenv_reads(content, interpolate=True) == {"K": value, "L": "1"}


@given(value=VALUES, style=st.sampled_from(Style))
def test_a_spelling_keeps_its_style_and_reads_back(value: str, style: Style) -> None:
    spelling = spell(value, style)
    if spelling is None:
        # Only what needs an escape that this style lacks.
        assert style is not Style.DOUBLE
        assert style is Style.PLAIN or "\r" in value
    else:
        assert style_of(spelling) is style
        assert dotenv_reads(f"K= {spelling} # c\nL=1\n".encode()) == {"K": value, "L": "1"}


@pytest.mark.parametrize("value", ["a b", "a#b", "it's", "{}"])
def test_an_unquoted_value_stays_unquoted_where_python_dotenv_reads_it(value: str) -> None:
    assert spell(value, Style.PLAIN) == value


@pytest.mark.parametrize("value", ["${X}", "a${X:-d}b", "${}", "a\0", "\udc80"])
def test_what_cannot_be_read_back_is_known_and_not_quoted(value: str) -> None:
    assert not can_be_written(value)
    with pytest.raises(ValueError, match="cannot be written") as caught:
        quote(value)
    assert value not in str(caught.value)


@pytest.mark.parametrize("value", ["$X", "${X", "$ {X}", "${X:d}", "a\tb"])
def test_what_python_dotenv_does_not_interpolate_can_be_written(value: str) -> None:
    assert can_be_written(value)


@pytest.mark.parametrize("value", ["a\0", "\udc80", "${X}\0"])
def test_protection_does_not_help_what_no_file_can_hold(value: str) -> None:
    assert not can_be_spelled(value)
    with pytest.raises(ValueError, match="value"):
        quote(value, protect=True)
