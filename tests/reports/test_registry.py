"""The registry: every form renders, and the command line knows the same ones."""

from __future__ import annotations

import pytest

from envguard.cli.options import REPORTS
from envguard.reports.registry import FORMATS, render
from tests.reports.every import usual


@pytest.mark.parametrize("name", FORMATS)
def test_every_form_renders(name: str) -> None:
    text = render(name, usual())
    assert text.endswith("\n")
    assert "github-token" in text or name == "github"


def test_the_command_line_offers_what_there_is() -> None:
    assert REPORTS == FORMATS


def test_no_other_name_renders() -> None:
    with pytest.raises(ValueError, match="there is no report named xml"):
        render("xml", usual())
