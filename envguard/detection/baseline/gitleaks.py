"""What gitleaks writes: `.gitleaksignore`, and its reports as JSON, CSV and SARIF.

https://github.com/gitleaks/gitleaks#gitleaksignore, and the writers of 8.30 in its `report/`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from envguard.core.secret import Secret
from envguard.detection.baseline.told import Told

IGNORE_FILE = ".gitleaksignore"

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LINE = re.compile(r"(?P<path>.+):(?P<rule>[^:]+):(?P<line>\d{1,9})")
# With --redact gitleaks writes this, or the first characters of the value and dots.
_REDACTED = re.compile(r"REDACTED|.*\.\.\.", re.DOTALL)
_COLUMNS = ("RuleID", "Commit", "File", "Secret", "StartLine", "EndLine")
_TOOL = "gitleaks"


def read_ignored(text: str) -> Iterator[Told]:
    """The entries of a .gitleaksignore: `FILE:RULE:LINE`, or `COMMIT:` before it."""
    for written in text.splitlines():
        entry = written.strip()
        if not entry or entry.startswith("#"):
            continue
        commit, _, rest = entry.partition(":")
        found = _LINE.fullmatch(rest if _COMMIT.fullmatch(commit) else entry)
        if found is not None:
            yield Told(
                _normal(found["path"]),
                int(found["line"]),
                int(found["line"]),
                commit=commit if _COMMIT.fullmatch(commit) else None,
                rule=found["rule"],
                reason=f"in {IGNORE_FILE}",
            )


def is_report(data: Any) -> bool:
    """Whether JSON data is a report of gitleaks."""
    if isinstance(data, list):
        return all(isinstance(row, dict) and "RuleID" in row for row in data)
    return bool(_runs(data))


def read_report(data: Any) -> Iterator[Told]:
    """The findings of a report as JSON or SARIF. Raises ValueError, KeyError or TypeError for one
    that is none."""
    if isinstance(data, list):
        for row in data:
            yield _told(row)
    else:
        for run in _runs(data):
            for result in run["results"]:
                yield from _results(result)


def is_csv(text: str) -> bool:
    """Whether a text begins as a report of gitleaks in CSV does."""
    return text.startswith("RuleID,Commit,File,")


def read_csv(text: str) -> Iterator[Told]:
    """The findings of a report as CSV. Raises as `read_report`."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # a key in one line is long
    try:
        for row in csv.DictReader(io.StringIO(text)):
            yield _told(row)
    except csv.Error:
        raise ValueError("no CSV") from None


def _told(row: Mapping[str, Any]) -> Told:
    rule, commit, path, secret = (str(row.get(name) or "") for name in _COLUMNS[:4])
    first = int(row["StartLine"])
    return Told(
        _normal(path),
        first,
        max(first, int(row.get("EndLine") or first)),
        commit=commit if _COMMIT.fullmatch(commit) else None,
        secret=_secret(secret),
        rule=rule,
        reason=f"found by {_TOOL}",
    )


def _runs(data: Any) -> list[Any]:
    runs = data.get("runs") if isinstance(data, dict) else None
    found = [run for run in runs or () if isinstance(run, dict)]
    return [run for run in found if run["tool"]["driver"]["name"] == _TOOL and "results" in run]


def _results(result: Any) -> Iterator[Told]:
    commit = str(result.get("partialFingerprints", {}).get("commitSha") or "")
    for location in result["locations"]:
        place = location["physicalLocation"]
        region = place["region"]
        yield Told(
            _normal(place["artifactLocation"]["uri"]),
            int(region["startLine"]),
            int(region.get("endLine", region["startLine"])),
            commit=commit if _COMMIT.fullmatch(commit) else None,
            secret=_secret(str(region.get("snippet", {}).get("text") or "")),
            rule=str(result["ruleId"]),
            reason=f"found by {_TOOL}",
        )


def _secret(text: str) -> Secret | None:
    return None if not text or _REDACTED.fullmatch(text) else Secret(text)


def _normal(path: str) -> str:
    """A path as we write it; gitleaks on Windows writes backslashes, and `dir` may begin a path
    with `./`."""
    return path.replace("\\", "/").removeprefix("./")
