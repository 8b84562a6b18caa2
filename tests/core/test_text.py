"""Text of a tree cannot steer a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.text import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("src/app.py", "src/app.py"),
        ("zwölf/日本.py", "zwölf/日本.py"),
        ("a\nb", "a\\nb"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2028b", "a\\u2028b"),
        ("a\udcffb", "a\\xffb"),
        ("a\x85b", "a\\x85b"),
    ],
)
def test_what_could_steer_it_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text() | st.binary().map(lambda b: b.decode("utf-8", "surrogateescape")))
def test_the_result_is_one_printable_line_that_any_stream_takes(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    shown.encode("utf-8")
