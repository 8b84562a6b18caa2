"""JUnit: a schema, and XML that no text of the tree breaks."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from envguard.reports.junit import render
from envguard.reports.report import Report
from tests.reports import schemas
from tests.reports.every import HOSTILE_TEXTS, evil, is_clean, usual
from tests.reports.samples import incomplete


def parsed(report: Report) -> ElementTree.Element:
    return ElementTree.fromstring(render(report).encode())  # noqa: S314 - our own


def test_the_report_is_as_it_was(golden: Callable[[str, str], None]) -> None:
    golden("scan.junit.xml", render(usual()))


def test_it_has_the_schema_that_jenkins_reads() -> None:
    schema = xmlschema.XMLSchema(str(schemas.junit()))
    clean = usual()._replace(findings=[])
    for report in (usual(), usual(incomplete()), clean, *map(evil, HOSTILE_TEXTS)):
        schema.validate(render(report))
    assert not schema.is_valid(
        render(usual()).replace(' name="github-token', ' nome="github-token')
    )


def test_the_counts_are_right() -> None:
    suites = parsed(usual(incomplete()))
    (suite,) = suites
    for element in (suites, suite):
        assert (element.get("tests"), element.get("failures")) == ("5", "4")
        assert element.get("errors") == "1"
    assert len(suite.findall("testcase/failure")) == 4
    assert len(suite.findall("testcase/error")) == 1


def test_a_clean_scan_is_a_test_that_passes() -> None:
    (suite,) = parsed(usual()._replace(findings=[]))
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")
    assert [len(case) for case in suite] == [0]


def test_a_finding_tells_what_to_do() -> None:
    text = parsed(usual()).findtext(".//failure") or ""
    assert text.startswith("src/deploy.py:3:10\nGitHub token")
    assert "Revoke it, then [look] at the security log" in text


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_text_of_the_tree_is_escaped(text: str) -> None:
    told = render(evil(text))
    assert is_clean(told)
    assert len(parsed(evil(text)).findall(".//failure")) == 3


@given(st.text(st.characters(), min_size=1))
def test_any_text_is_carried(text: str) -> None:
    assert len(parsed(evil(text)).findall(".//failure")) == 3
