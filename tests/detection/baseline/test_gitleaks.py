"""`.gitleaksignore` and the reports of gitleaks 8.30, as it writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from envguard.core.secret import Secret
from envguard.detection.baseline import gitleaks
from envguard.detection.baseline.told import Told
from tests.detection.samples import expand

COMMIT = "2b65416f7e251a093802c85a5c6bf2c908448458"
VALUE = expand("{github:ghp_}", 3).decode()
ROW: dict[str, Any] = {
    "RuleID": "github-pat",
    "StartLine": 1,
    "EndLine": 2,
    "StartColumn": 10,
    "EndColumn": 49,
    "Match": VALUE,
    "Secret": VALUE,
    "File": "src/b.py",
    "SymlinkFile": "",
    "Commit": COMMIT,
    "Fingerprint": f"{COMMIT}:src/b.py:github-pat:1",
}


def sarif(text: str, tool: str = "gitleaks") -> dict[str, Any]:
    region = {"startLine": 1, "endLine": 2, "snippet": {"text": text}}
    place = {"artifactLocation": {"uri": "src/b.py"}, "region": region}
    result = {
        "ruleId": "github-pat",
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"commitSha": COMMIT},
    }
    return {"runs": [{"tool": {"driver": {"name": tool}}, "results": [result]}]}


TOLD = Told("src/b.py", 1, 2, COMMIT, Secret(VALUE), rule="github-pat", reason="found by gitleaks")


def test_a_report_as_json_csv_or_sarif_says_the_same() -> None:
    assert list(gitleaks.read_report([ROW])) == [TOLD]
    names = "RuleID,Commit,File,SymlinkFile,Secret,Match,StartLine,EndLine,StartColumn,EndColumn"
    csv = f"{names}\ngithub-pat,{COMMIT},src/b.py,,{VALUE},{VALUE},1,2,10,49\n"
    assert gitleaks.is_csv(csv)
    assert list(gitleaks.read_csv(csv)) == [TOLD]
    assert list(gitleaks.read_report(sarif(VALUE))) == [TOLD]


def test_a_finding_in_the_files_has_no_commit() -> None:
    (told,) = gitleaks.read_report([ROW | {"Commit": ""}])
    assert told.commit is None


@pytest.mark.parametrize("text", ["REDACTED", VALUE[:20] + "...", ""])
def test_a_value_that_gitleaks_masked_is_none(text: str) -> None:
    (told,) = gitleaks.read_report([ROW | {"Secret": text}])
    assert told.secret is None
    assert told.is_place


def test_only_gitleaks_reports_are_its_reports() -> None:
    assert gitleaks.is_report([ROW])
    assert gitleaks.is_report([])
    assert gitleaks.is_report(sarif(VALUE))
    assert not gitleaks.is_report(sarif(VALUE, tool="envguard"))
    assert not gitleaks.is_report([{"path": "a"}])
    assert not gitleaks.is_report({"findings": []})


def test_a_report_of_windows_has_slashes() -> None:
    (told,) = gitleaks.read_report([ROW | {"File": "src\\b.py"}])
    assert told.path == "src/b.py"


def test_ignored_findings_are_places_with_or_without_a_commit() -> None:
    text = f"""
# what we know
{COMMIT}:src/b.py:github-pat:1
src/b:c.py:generic-api-key:12
  ./sub/a.txt:jwt:3
no fingerprint
a.py:rule:twelve
"""
    reason = "in .gitleaksignore"
    assert list(gitleaks.read_ignored(text)) == [
        Told("src/b.py", 1, 1, COMMIT, rule="github-pat", reason=reason),
        Told("src/b:c.py", 12, 12, rule="generic-api-key", reason=reason),
        Told("sub/a.txt", 3, 3, rule="jwt", reason=reason),
    ]


def test_no_value_is_shown_by_what_is_told() -> None:
    assert VALUE not in repr(list(gitleaks.read_report(json.loads(json.dumps([ROW])))))
