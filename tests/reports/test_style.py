"""Colour."""

from __future__ import annotations

import pytest

from envguard.reports.style import Style


def test_without_colour_text_stays_as_it_is() -> None:
    assert Style().paint("text", "bold red") == "text"


@pytest.mark.parametrize(
    ("names", "painted"), [("red", "\x1b[31mtext\x1b[0m"), ("bold red", "\x1b[1;31mtext\x1b[0m")]
)
def test_colour_ends_where_the_text_ends(names: str, painted: str) -> None:
    assert Style(colour=True).paint("text", names) == painted
