"""Text of a tree cannot steer a terminal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.text import inert, printable


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
        ("::error file=x::y", ":\\x3aerror file=x::y"),
        ("  ::set-env", "  :\\x3aset-env"),
        ("a::b", "a::b"),
        ("a ##[group]", "a #\\x23[group]"),
        ("x##VSO[task.setvariable]", "x#\\x23VSO[task.setvariable]"),
        ("###[x", "##\\x23[x"),
        ("## a heading", "## a heading"),
    ],
)
def test_what_could_steer_it_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text() | st.binary().map(lambda b: b.decode("utf-8", "surrogateescape")))
def test_the_result_is_one_printable_line_that_any_stream_takes(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    shown.encode("utf-8")
    assert not shown.lstrip().startswith("::")
    assert "##[" not in shown


@given(st.text(alphabet='#[vso"\\: \n') | st.text())
def test_json_says_the_same_without_commands(text: str) -> None:
    written = inert(json.dumps({text: text}))
    assert json.loads(written) == {text: text}
    assert "##[" not in written
    assert "##vso[" not in written
