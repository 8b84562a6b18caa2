"""The scan report for a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.finding import Coverage, Finding, Occurrence, Unseen
from envguard.core.rule import Severity
from envguard.reports.style import Style
from envguard.reports.text import render, size
from tests.reports.samples import (
    AT_HEAD,
    HOSTILE,
    IN_A_FILE,
    IN_A_HISTORY,
    SHOWN,
    WEAK,
    coverage,
    incomplete,
)

Golden = Callable[[str, str], None]
PLAIN = Style()
ALL = [WEAK, AT_HEAD, IN_A_HISTORY, IN_A_FILE]


def test_findings_come_in_order_of_their_weight(golden: Golden) -> None:
    golden("scan.txt", render(ALL, coverage(), style=PLAIN))


def test_findings_of_one_file_stand_together() -> None:
    first = IN_A_FILE._replace(path="b.py")
    second = first._replace(line=9, severity=Severity.LOW)
    between = WEAK._replace(path="a.py", severity=Severity.HIGH)
    lines = render([second, between, first], coverage(), style=PLAIN).splitlines()
    places = [line.split()[0] for line in lines if ".py:" in line]
    assert places == ["b.py:3:10", "b.py:9:10", "a.py:3:10"]


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({"revoke": "https://example.com"}, "revoke it: https://example.com"),
        ({"in_head": False}, "next: change it where it was issued; the history keeps this one"),
        ({"path": "a/.env.prod"}, "next: envguard migrate a/.env.prod --to local:"),
        ({"path": ".env;reboot"}, "next: change it where it was issued, then read it from the"),
        ({"path": "-/.env"}, "next: change it where it was issued, then read it from the"),
    ],
)
def test_every_finding_ends_in_one_next_step(change: dict[str, Any], step: str) -> None:
    finding = IN_A_FILE._replace(**{"revoke": "", **change})
    lines = render([finding], Coverage(files=1), style=PLAIN).splitlines()
    assert lines[lines.index("") - 1].startswith(f"  {step}")
    assert sum("next: " in line or "revoke it" in line for line in lines) == 1


def test_long_titles_and_lists_fit_too() -> None:
    finding = AT_HEAD._replace(
        title="A title of " + "many words " * 5,
        rule="rule-" * 8,
        pushed_to=tuple(f"origin/a-branch-{n}" + "x" * 20 for n in range(9)),
    )
    text = render([finding], coverage(), style=PLAIN)
    assert max(map(len, text.splitlines())) <= 80
    assert "and 8 more" in text


def test_an_incomplete_scan_says_so(golden: Golden) -> None:
    golden("scan-incomplete.txt", render([IN_A_HISTORY], incomplete(), style=PLAIN))


def test_a_verbose_report_lists_all_that_was_left_out(golden: Golden) -> None:
    golden("scan-verbose.txt", render([], incomplete(), style=PLAIN, verbose=True))


def test_a_clean_scan_is_one_line(golden: Golden) -> None:
    golden("scan-clean.txt", render([], Coverage(files=1, bytes=12), style=PLAIN))


def test_colour_stands_only_where_it_is_wanted(golden: Golden) -> None:
    text = render(ALL, incomplete(), style=Style(colour=True))
    golden("scan-colour.txt", text.replace("\x1b", "ESC"))
    plain = render(ALL, incomplete(), style=PLAIN)
    assert "\x1b" not in plain
    for code in ("0", "1", "2", "31", "33", "36", "1;31"):
        text = text.replace(f"\x1b[{code}m", "")
    assert text == plain


@pytest.mark.parametrize("severity", Severity)
def test_every_severity_has_a_colour(severity: Severity) -> None:
    finding = IN_A_FILE._replace(severity=severity)
    assert render([finding], coverage(), style=Style(colour=True)).startswith("\x1b[")


def test_a_usual_report_fits_80_columns() -> None:
    for text in (
        render(ALL, coverage(), style=PLAIN),
        render(ALL, incomplete(), style=PLAIN, verbose=True),
    ):
        assert max(map(len, text.splitlines())) <= 80


def hostile(text: str) -> tuple[Finding, Coverage]:
    """A finding and a coverage with this text wherever a tree, or a rule file of it, gives one."""
    finding = IN_A_HISTORY._replace(
        rule=text,
        title=text,
        path=text,
        preview=text,
        author=text,
        date=text,
        pushed_to=(text,),
        revoke=text,
        details=((text, text),),
        occurrences=(Occurrence("introduced", f"x{text}", 1, "3" * 40, text, text),),
    )
    seen = Coverage(files=1)
    seen.excluded.append(Unseen(text, text))
    seen.skipped.append(Unseen(text, text))
    seen.notes.append(text)
    return finding, seen


def test_details_stand_on_lines_that_fit_and_long_ones_are_cut() -> None:
    details = (*((f"name{n}", "x" * 20) for n in range(5)), ("long", "y" * 90))
    lines = render([IN_A_FILE._replace(details=details)], coverage(), style=PLAIN).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.count("name") for line in lines) == 5
    assert f"  long {'y' * 64}…" in lines


def test_text_of_the_tree_is_escaped(golden: Golden) -> None:
    finding, seen = hostile(HOSTILE)
    text = render([finding], seen, style=PLAIN)
    golden("scan-hostile.txt", text)
    assert text.count(SHOWN) == 15
    assert HOSTILE not in text


@given(st.text(st.characters(), min_size=1, max_size=3))
def test_nothing_steers_the_terminal_or_adds_a_line(text: str) -> None:
    finding, seen = hostile(text)
    usual, usual_seen = hostile("x")
    lines = render([finding], seen, style=PLAIN, verbose=True).split("\n")
    assert len(lines) == len(render([usual], usual_seen, style=PLAIN, verbose=True).split("\n"))
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (5_000_000_000, "5.0 GB"),
        (7_000_000_000_000, "7000.0 GB"),
    ],
)
def test_sizes_are_for_people(count: int, text: str) -> None:
    assert size(count) == text
