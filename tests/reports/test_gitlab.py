"""GitLab's secret detection report: its schema, and one entry for each place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from envguard.core.finding import Occurrence
from envguard.reports.gitlab import VERSION, render
from envguard.reports.report import Report
from tests.reports.every import HOSTILE_TEXTS, evil, is_clean, usual
from tests.reports.samples import AT_HEAD, IN_A_FILE, IN_A_HISTORY, incomplete

TEXT = {"type": "string", "minLength": 1}
WORDS = {"type": "string"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}
NAMED = {"required": ["name"], "properties": {"name": TEXT}}
TOOL = {
    "type": "object",
    "required": ["id", "name", "version", "vendor"],
    "properties": {"id": TEXT, "name": TEXT, "version": TEXT, "vendor": NAMED},
}
# All that version 15.2.1 of GitLab's schema demands of the keys that we write: no package carries
# the schema, and GitLab's repository has it under lib/gitlab/ci/parsers/security/validators.
DEMANDED = {
    "type": "object",
    "required": ["version", "scan", "vulnerabilities"],
    "properties": {
        "version": {"const": VERSION},
        "scan": {
            "type": "object",
            "required": ["analyzer", "scanner", "start_time", "end_time", "status", "type"],
            "properties": {
                "analyzer": TOOL,
                "scanner": TOOL,
                "start_time": TIME,
                "end_time": TIME,
                "status": {"enum": ["success", "failure"]},
                "type": {"enum": ["secret_detection"]},
                "messages": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["level", "value"],
                        "properties": {"level": {"enum": ["info", "warn", "fatal"]}, "value": TEXT},
                    },
                },
            },
            "additionalProperties": False,
        },
        "vulnerabilities": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "identifiers", "location"],
                "properties": {
                    "id": TEXT,
                    "name": {"type": "string", "maxLength": 255},
                    "description": {"type": "string", "maxLength": 1_048_576},
                    "severity": {"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
                    "solution": {"type": "string", "maxLength": 7000},
                    "identifiers": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "required": ["type", "name", "value"],
                            "properties": {"type": TEXT, "name": TEXT, "value": TEXT},
                        },
                    },
                    "links": {
                        "type": "array",
                        "items": {
                            "required": ["url"],
                            "properties": {"name": WORDS, "url": {"pattern": "^(https?|ftp)://.+"}},
                        },
                    },
                    "details": {
                        "additionalProperties": {
                            "required": ["name", "type", "value"],
                            "properties": {"name": TEXT, "type": {"const": "text"}, "value": WORDS},
                        }
                    },
                    "location": {
                        "type": "object",
                        "required": ["commit"],
                        "properties": {
                            "file": WORDS,
                            "start_line": {"type": "number"},
                            "end_line": {"type": "number"},
                            "commit": {
                                "type": "object",
                                "required": ["sha"],
                                "properties": {"sha": TEXT, "author": WORDS, "date": WORDS},
                                "additionalProperties": False,
                            },
                        },
                        "additionalProperties": False,
                    },
                },
                # A key that is not here was not looked up.
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
REPORTS = [usual(), usual(incomplete()), usual()._replace(findings=[]), *map(evil, HOSTILE_TEXTS)]


def found(report: Report) -> list[Any]:
    entries: list[Any] = json.loads(render(report))["vulnerabilities"]
    return entries


def test_the_report_is_as_it_was(golden: Callable[[str, str], None]) -> None:
    golden("scan.gitlab.json", render(usual()))


def test_it_has_what_the_schema_demands() -> None:
    for report in REPORTS:
        jsonschema.validate(json.loads(render(report)), DEMANDED)
    data = json.loads(render(usual()))
    del data["vulnerabilities"][0]["location"]["commit"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, DEMANDED)


def test_each_place_is_an_entry_of_its_own() -> None:
    heads = (Occurrence("head", "app.py", 7), Occurrence("head", "b.py", 2))
    first, second = found(usual()._replace(findings=[AT_HEAD._replace(occurrences=heads)]))
    assert (first["location"]["file"], first["location"]["end_line"]) == ("app.py", 34)
    assert (second["location"]["file"], second["location"]["end_line"]) == ("b.py", 2)
    assert first["id"] != second["id"]
    assert first["location"]["commit"]["sha"] == "1" * 40


def test_ids_stay_from_run_to_run() -> None:
    again = usual()._replace(started=0.0, ended=1.0)
    assert [v["id"] for v in found(usual())] == [v["id"] for v in found(again)]


def test_what_only_the_history_has_is_told_too() -> None:
    (entry,) = found(usual()._replace(findings=[IN_A_HISTORY]))
    assert entry["location"]["file"] == "config/settings.py"
    assert "no longer in HEAD" in entry["description"]


def test_a_tree_without_commits_has_the_sha_that_gitlab_uses() -> None:
    (entry,) = found(usual()._replace(findings=[IN_A_FILE]))
    assert entry["location"]["commit"] == {"sha": "0000000"}


def test_an_incomplete_scan_failed() -> None:
    scan = json.loads(render(usual(incomplete())))["scan"]
    assert scan["status"] == "failure"
    assert [message["level"] for message in scan["messages"]] == ["warn"]


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_text_of_the_tree_is_escaped(text: str) -> None:
    told = render(evil(text))
    assert told.isascii()
    assert is_clean(told)
    told.encode().decode("utf-8")
    for entry in found(evil(text)):
        entry["location"]["file"].encode()
        assert is_clean(entry["description"] + entry["name"] + entry["solution"])
        assert not re.search(r"(?<!\\)<", entry["description"].partition("`")[0])


def test_mark_up_stays_text() -> None:
    finding = IN_A_FILE._replace(title="[a](http://b) @team <img>", preview="``x")
    (entry,) = found(usual()._replace(findings=[finding]))
    assert entry["description"].startswith(r"\[a\](http\://b) \@team \<img\>: ``` ``x ```")
