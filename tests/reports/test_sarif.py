"""SARIF: the official schema, one rule for many findings, places in the tree."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.finding import Coverage, Occurrence
from envguard.core.rule import Severity
from envguard.reports.report import Report
from envguard.reports.sarif import artifact, render
from tests.reports import schemas
from tests.reports.every import HOSTILE_TEXTS, evil, is_clean, usual
from tests.reports.samples import AT_HEAD, IN_A_FILE, IN_A_HISTORY, incomplete


def run(report: Report) -> Any:
    data = json.loads(render(report))
    assert data["version"] == "2.1.0"
    (only,) = data["runs"]
    return only


def test_the_report_is_as_it_was(golden: Callable[[str, str], None]) -> None:
    golden("scan.sarif", render(usual()))


def test_it_has_the_official_schema() -> None:
    schema = schemas.sarif()
    validator = jsonschema.validators.validator_for(schema)(
        schema, format_checker=jsonschema.FormatChecker()
    )
    reports = [
        usual(),
        usual(incomplete()),
        usual()._replace(findings=[]),
        *map(evil, HOSTILE_TEXTS),
    ]
    for report in reports:
        validator.validate(json.loads(render(report)))
    data = json.loads(render(usual()))
    data["runs"][0]["results"][0]["level"] = "bad"
    assert not validator.is_valid(data)


def test_each_rule_stands_once_with_its_help() -> None:
    rules = run(usual()._replace(findings=[IN_A_FILE, IN_A_FILE, AT_HEAD]))["tool"]["driver"][
        "rules"
    ]
    assert [rule["id"] for rule in rules] == ["github-token", "generic-credential"]
    first = rules[0]
    assert first["help"]["text"].startswith(
        "Revoke it, then \\[look\\] at the security log {{first}}."
    )
    assert first["help"]["text"].endswith("https://github.com/settings/tokens")
    assert first["helpUri"] == "https://github.com/settings/tokens"
    assert rules[1]["help"]["text"]


def test_results_point_at_their_rules() -> None:
    report = usual()
    told = run(report)
    for result in told["results"]:
        assert told["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


@pytest.mark.parametrize(
    ("severity", "level", "least"),
    [
        (Severity.CRITICAL, "error", 9.0),
        (Severity.HIGH, "error", 7.0),
        (Severity.MEDIUM, "warning", 4.0),
        (Severity.LOW, "note", 0.1),
    ],
)
def test_levels_come_from_the_severity(severity: Severity, level: str, least: float) -> None:
    told = run(usual()._replace(findings=[IN_A_FILE._replace(severity=severity)]))
    assert told["results"][0]["level"] == level
    (rule,) = told["tool"]["driver"]["rules"]
    assert least <= float(rule["properties"]["security-severity"]) < least + 3


def test_columns_are_code_points_and_end_after_the_last_one() -> None:
    told = run(usual()._replace(findings=[IN_A_FILE]))
    assert told["columnKind"] == "unicodeCodePoints"
    (place,) = told["results"][0]["locations"]
    region = place["physicalLocation"]["region"]
    assert region == {"startLine": 3, "startColumn": 10, "endLine": 3, "endColumn": 50}


def test_every_place_in_the_tree_is_a_location() -> None:
    heads = (Occurrence("head", "app.py", 7), Occurrence("head", "b c/ü.py", 2))
    finding = AT_HEAD._replace(occurrences=(*AT_HEAD.occurrences[:1], *heads))
    (result,) = run(usual()._replace(findings=[finding]))["results"]
    places = [place["physicalLocation"] for place in result["locations"]]
    assert [place["artifactLocation"]["uri"] for place in places] == ["app.py", "b%20c/%C3%BC.py"]
    assert [place["region"]["startLine"] for place in places] == [7, 2]
    assert "startColumn" in places[0]["region"]
    assert "startColumn" not in places[1]["region"]
    (related,) = result["relatedLocations"]
    assert related["message"]["text"].startswith("introduced in 111111111111, 2024-05-06, Ada")


def test_what_left_the_tree_is_told_with_its_commit() -> None:
    (result,) = run(usual()._replace(findings=[IN_A_HISTORY]))["results"]
    assert result["properties"]["commit"] == "1" * 40
    assert result["properties"]["inHead"] is False
    assert len(result["locations"]) == 1
    assert "no longer in HEAD" in result["message"]["text"]


def test_fingerprints_tell_two_of_one_file_apart() -> None:
    twice = [IN_A_FILE, IN_A_FILE._replace(line=9, end_line=9), IN_A_FILE._replace(path="b")]
    results = run(usual()._replace(findings=twice))["results"]
    assert {r["partialFingerprints"]["envguard/v1"] for r in results} == {IN_A_FILE.fingerprint}
    hashes = [r["partialFingerprints"]["primaryLocationLineHash"][-2:] for r in results]
    assert hashes == [":1", ":2", ":1"]


def test_an_incomplete_scan_was_no_success() -> None:
    (invocation,) = run(usual(incomplete()))["invocations"]
    assert invocation["executionSuccessful"] is False
    (told,) = invocation["toolExecutionNotifications"]
    assert (told["level"], "shallow" in told["message"]["text"]) == ("error", True)
    assert run(usual(Coverage()))["invocations"] == [{"executionSuccessful": True}]


@given(st.binary(min_size=1).filter(lambda raw: not raw.startswith(b"/")))
def test_paths_keep_their_bytes(raw: bytes) -> None:
    found = artifact(raw.decode("utf-8", "surrogateescape"))
    assert unquote_to_bytes(found["uri"]) == raw
    assert found["uri"].isascii()
    assert found["uri"].isprintable()
    assert not set(found["uri"]) & set(":?#<>\"' ")


def test_a_path_from_the_root_is_no_relative_one() -> None:
    assert artifact("/tmp/a b") == {"uri": "file:///tmp/a%20b"}


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_text_of_the_tree_is_escaped(text: str) -> None:
    told = render(evil(text))
    assert told.isascii()
    assert is_clean(told)

    def strings(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [s for pair in value.items() for part in pair for s in strings(part)]
        if isinstance(value, list):
            return [s for item in value for s in strings(item)]
        return [value] if isinstance(value, str) else []

    assert all(is_clean(string, "\n") for string in strings(json.loads(told)))
