"""The scan report as GitLab's secret detection report, for its security tab.

https://gitlab.com/gitlab-org/security-products/security-report-schemas, version 15.2.1.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from envguard.core.finding import Finding, Occurrence
from envguard.core.text import inert, printable
from envguard.reports.markdown import code, plain
from envguard.reports.report import TOOL, Report, advice, level, link, origin, standing

VERSION = "15.2.1"
_NO_COMMIT = "0000000"
"""What GitLab's own analyzer writes where it has no commit; the schema wants one."""

_NAMESPACE = uuid.UUID("6f1d3c0a-6a5e-5d0e-9d35-2f0c9b9d7a11")
_LONGEST_NAME, _LONGEST_SOLUTION = 255, 7000  # characters, by the schema


def render(report: Report) -> str:
    """One JSON object in ASCII, and a line end; a vulnerability for each place in the tree, or
    for the commit where no tree has it any more."""
    tool = {"id": TOOL, "name": TOOL, "version": report.version or "0", "vendor": {"name": TOOL}}
    data = {
        "version": VERSION,
        "scan": {
            "type": "secret_detection",
            "analyzer": tool,
            "scanner": tool,
            "start_time": _time(report.started),
            "end_time": _time(report.ended),
            "status": "success" if report.coverage.complete else "failure",
            "messages": list(_messages(report)),
        },
        "vulnerabilities": [
            _vulnerability(finding, place, report)
            for finding in report.findings
            for place in standing(finding) or [Occurrence("removed", finding.path, finding.line)]
        ],
    }
    return inert(json.dumps(data, indent=2)) + "\n"


def _messages(report: Report) -> Iterator[dict[str, str]]:
    for unseen in report.coverage.skipped:
        text = f"not scanned: {unseen.path}: {unseen.reason}"
        yield {"level": "warn", "value": printable(text)}
    for note in report.coverage.notes:
        yield {"level": "info", "value": printable(note) or "-"}


def _vulnerability(finding: Finding, place: Occurrence, report: Report) -> dict[str, Any]:
    rule = printable(finding.rule) or "-"
    title = printable(finding.title)
    where = [finding.rule, finding.fingerprint, place.path, str(place.line)]
    name = "\0".join(where).encode("utf-8", "surrogatepass")
    told = [f"{plain(title)}: {code(finding.preview)}", plain(origin(finding))]
    page = link(finding.revoke)
    return {
        "id": str(uuid.uuid5(_NAMESPACE, name.hex())),
        "name": title[:_LONGEST_NAME],
        "description": ". ".join(filter(None, told)),
        "severity": level(finding).capitalize(),
        "solution": advice(finding, report.rules)[:_LONGEST_SOLUTION],
        "identifiers": [{"type": "envguard_rule_id", "name": f"envguard: {rule}", "value": rule}],
        **({"links": [{"name": "Revoke it", "url": page}]} if page else {}),
        "details": {
            key: {"type": "text", "name": key, "value": printable(text)}
            for key, text in (
                ("fingerprint", finding.fingerprint),
                ("confidence", finding.confidence.name.lower()),
                ("state", finding.state),
            )
        },
        "location": _location(finding, place),
    }


def _location(finding: Finding, place: Occurrence) -> dict[str, Any]:
    line = place.line or finding.line
    is_first = (place.path, line) == (finding.path, finding.line)
    return {
        "file": _file(place.path),
        "start_line": line,
        "end_line": finding.end_line if is_first else line,
        "commit": {
            "sha": finding.commit or _NO_COMMIT,
            **({"author": printable(finding.author)} if finding.author else {}),
            **({"date": printable(finding.date)} if finding.date else {}),
        },
    }


def _file(path: str) -> str:
    """The path as it is, so that GitLab finds the file (JSON escapes it); only bytes that are no
    UTF-8, which no JSON has, are shown as escapes."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return printable(path)
    return path


def _time(seconds: float) -> str:
    """UTC, without a zone."""
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
