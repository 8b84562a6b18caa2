"""The scan report for programs: the schema of the design, and nothing that breaks a reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.finding import Coverage
from envguard.core.rule import Confidence, Severity
from envguard.reports.json import render
from tests.reports.samples import (
    AT_HEAD,
    HOSTILE,
    IN_A_FILE,
    IN_A_HISTORY,
    WEAK,
    coverage,
    incomplete,
)
from tests.reports.test_text import hostile

SCHEMA = json.loads((Path(__file__).parents[1] / "golden" / "scan.schema.json").read_text())
ALL = [IN_A_FILE, IN_A_HISTORY, AT_HEAD, WEAK]


def checked(text: str) -> Any:
    """The report, after the schema."""
    data = json.loads(text)
    jsonschema.validate(data, SCHEMA, cls=jsonschema.Draft202012Validator)
    return data


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_report_is_as_it_was(golden: Callable[[str, str], None]) -> None:
    text = render(ALL, coverage())
    golden("scan.json", text)
    checked(text)


@pytest.mark.parametrize("seen", [coverage(), incomplete(), Coverage()])
def test_every_report_has_the_schema(seen: Coverage) -> None:
    for findings in ([], ALL):
        data = checked(render(findings, seen))
        assert data["complete"] is seen.complete
        assert len(data["findings"]) == len(findings)


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("confidence", Confidence)
def test_every_level_has_the_schema(severity: Severity, confidence: Confidence) -> None:
    finding = IN_A_FILE._replace(severity=severity, confidence=confidence)
    (found,) = checked(render([finding], coverage()))["findings"]
    assert (found["severity"], found["confidence"]) == (
        severity.name.lower(),
        confidence.name.lower(),
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(schema=2),
        lambda data: data.pop("complete"),
        lambda data: data["findings"][0].update(line=0),
        lambda data: data["findings"][0].pop("fingerprint"),
        lambda data: data["findings"][0].update(severity="bad"),
        lambda data: data["findings"][1]["occurrences"][0].update(change="moved"),
        lambda data: data["coverage"].update(skipped=["a"]),
        lambda data: data["coverage"].pop("bytes"),
    ],
)
def test_the_schema_refuses_other_things(change: Callable[[Any], object]) -> None:
    data = json.loads(render(ALL, coverage()))
    change(data)
    with pytest.raises(jsonschema.ValidationError):
        checked(json.dumps(data))


def test_text_of_the_tree_comes_back_as_it_was() -> None:
    finding, seen = hostile(HOSTILE)
    text = render([finding], seen)
    assert text.isascii()
    assert "\x1b" not in text
    data = checked(text)
    assert data["findings"][0]["path"] == HOSTILE
    assert data["coverage"]["skipped"] == [{"path": HOSTILE, "reason": HOSTILE}]


@given(st.text(st.characters(), min_size=1))
def test_any_text_is_carried(text: str) -> None:
    finding, seen = hostile(text)
    data = checked(render([finding], seen))
    assert data["findings"][0]["path"] == text
