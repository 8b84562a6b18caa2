"""Which texts are references, and how they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.reference import Reference, parse_reference

NAME = st.text("abcXYZ019_./-+=:", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("secret:KEY", Reference("secret", "KEY")),
        ("secret:db#password", Reference("secret", "db", field="password")),
        ("secret:db@3", Reference("secret", "db", version="3")),
        ("secret:db#password@3", Reference("secret", "db", "password", "3")),
        ("prod:a/b/c", Reference("prod", "a/b/c")),
        ("env:HOME", Reference("env", "HOME")),
        ("file:/etc/a file#1@2", Reference("file", "/etc/a file#1@2")),
        ("literal:", Reference("literal", "")),
        ("literal:secret:KEY", Reference("literal", "secret:KEY")),
    ],
)
def test_a_reference_says_where_the_value_lives(text: str, reference: Reference) -> None:
    assert parse_reference(text, ("prod",)) == reference
    assert str(reference) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "secret:", "secret:two words", "secret:a#", "secret:a@", "secret:#b", "secret:a#b#c",
        "env:", "file:", "other:NAME", "https://example.com", "secret", "Secret:KEY", " secret:KEY",
        "secret :KEY", "postgres://u:p@h/db", "secret:KEY\n", "C:\\temp",
    ],
)  # fmt: skip
def test_everything_else_is_just_itself(text: str) -> None:
    assert parse_reference(text, ("prod",)) is None


@given(NAME, st.none() | NAME, st.none() | NAME)
def test_what_is_written_is_read_again(name: str, field: str | None, version: str | None) -> None:
    reference = Reference("secret", name, field, version)
    assert parse_reference(str(reference)) == reference
