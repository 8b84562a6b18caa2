"""The scan report as SARIF 2.1.0, for editors and for code scanning.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/; what code scanning reads of it:
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from envguard.core.finding import Finding, Occurrence, Unseen
from envguard.core.rule import Rule, Severity
from envguard.core.text import inert, printable
from envguard.reports.markdown import plain
from envguard.reports.report import TOOL, Report, advice, link, origin, sentence, standing

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
# A number from 0 to 10, of which code scanning makes critical (over 9), high (7), medium (4), low.
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
}


def render(report: Report) -> str:
    """One JSON object in ASCII, and a line end. Paths are URIs relative to the scanned root, with
    the bytes that they have; columns count code points."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report)]}
    return inert(json.dumps(log, indent=2)) + "\n"


def _run(report: Report) -> dict[str, Any]:
    firsts: dict[str, Finding] = {}
    for finding in report.findings:
        firsts.setdefault(finding.rule, finding)
    numbers = {rule: number for number, rule in enumerate(firsts)}
    seen: Counter[tuple[str, str, str]] = Counter()
    results = []
    for finding in report.findings:
        key = finding.rule, finding.path, finding.fingerprint
        seen[key] += 1
        results.append(_result(finding, report.rules, numbers[finding.rule], seen[key]))
    return {
        "tool": {
            "driver": {
                "name": TOOL,
                **({"version": report.version} if report.version else {}),
                "rules": [_rule(finding, report.rules) for finding in firsts.values()],
            }
        },
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of what was scanned."}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }


def _rule(finding: Finding, rules: Mapping[str, Rule]) -> dict[str, Any]:
    title, told = printable(finding.title), advice(finding, rules)
    page = link(finding.revoke)
    help_uri = page or (link(rules[finding.rule].source) if finding.rule in rules else None)
    where = f" Revoke it at {finding.revoke}" if page else ""
    marked = f"**{plain(title)}**\n\n{plain(told)}" + (f"\n\n[Revoke it](<{page}>)" if page else "")
    return {
        "id": printable(finding.rule),
        "shortDescription": {"text": _text(title)},
        "fullDescription": {"text": _text(f"{title} in the repository")},
        "help": {"text": _text(told + where), "markdown": marked},
        **({"helpUri": help_uri} if help_uri else {}),
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {
            "tags": ["security", "secret"],
            "security-severity": _SCORES[finding.severity],
            "precision": finding.confidence.name.lower(),
        },
    }


def _result(finding: Finding, rules: Mapping[str, Rule], number: int, count: int) -> dict[str, Any]:
    places = [_location(finding, place) for place in standing(finding)]
    message = ". ".join(filter(None, [sentence(finding), origin(finding), advice(finding, rules)]))
    return {
        "ruleId": printable(finding.rule),
        "ruleIndex": number,
        "level": _LEVELS[finding.severity],
        "message": {"text": _text(message)},
        "locations": places or [_location(finding, None)],
        **_related(finding),
        # Code scanning tells alerts apart by rule, path and `primaryLocationLineHash`.
        "partialFingerprints": {
            "envguard/v1": finding.fingerprint,
            "primaryLocationLineHash": f"{finding.fingerprint}:{count}",
        },
        "properties": _properties(finding),
    }


def _location(finding: Finding, place: Occurrence | None) -> dict[str, Any]:
    path, line = (finding.path, finding.line) if place is None else (place.path, place.line)
    region: dict[str, int] = {"startLine": line or 1}
    if (path, line) == (finding.path, finding.line):
        region |= {
            "startColumn": finding.column,
            "endLine": finding.end_line,
            "endColumn": finding.end_column,
        }
    return {"physicalLocation": {"artifactLocation": artifact(path), "region": region}}


def artifact(path: str) -> dict[str, str]:
    """Where a file is: below the root, or (RFC 8089) anywhere where its path is absolute."""
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # no path of this system
        raw = path.encode("utf-8", "surrogatepass")
    uri = quote(raw, safe="/-._~")
    return {"uri": f"file://{uri}"} if path.startswith("/") else {"uri": uri, "uriBaseId": _ROOT}


def _related(finding: Finding) -> dict[str, Any]:
    told = [
        {
            "physicalLocation": {
                "artifactLocation": artifact(occurrence.path),
                **({"region": {"startLine": occurrence.line}} if occurrence.line else {}),
            },
            "message": {"text": _text(_change(occurrence))},
        }
        for occurrence in finding.occurrences
        if occurrence.change != "head"
    ]
    return {"relatedLocations": told} if told else {}


def _change(occurrence: Occurrence) -> str:
    parts = [(occurrence.commit or "")[:12], (occurrence.date or "")[:10], occurrence.author or ""]
    return printable(f"{occurrence.change} in {', '.join(filter(None, parts))}")


def _properties(finding: Finding) -> dict[str, Any]:
    """What SARIF has no place for."""
    told: dict[str, Any] = {
        "confidence": finding.confidence.name.lower(),
        "severity": finding.severity.name.lower(),
        "preview": _shown(finding.preview),
        "state": finding.state,
        "commit": _shown(finding.commit),
        "author": _shown(finding.author),
        "date": _shown(finding.date),
        "inHead": finding.in_head,
        "pushedTo": list(map(printable, finding.pushed_to)) or None,
        "decoded": _shown(finding.decoded),
        "verified": finding.verified,
        "details": {printable(k): printable(v) for k, v in finding.details} or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _shown(text: str | None) -> str | None:
    return None if text is None else printable(text)


def _invocation(report: Report) -> dict[str, Any]:
    notes = [*_notifications(report.coverage.skipped)]
    notes += [{"level": "note", "message": {"text": _text(n)}} for n in report.coverage.notes]
    return {
        "executionSuccessful": report.coverage.complete,
        **({"toolExecutionNotifications": notes} if notes else {}),
    }


def _notifications(skipped: list[Unseen]) -> Iterator[dict[str, Any]]:
    for unseen in skipped:
        yield {
            "level": "error",
            "message": {"text": _text(f"not scanned: {unseen.path}: {unseen.reason}")},
        }


def _text(text: str) -> str:
    """A plain text message: its brackets and braces are no links and no placeholders (sections
    3.11.5 and 3.11.6)."""
    shown = printable(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return shown.replace("{", "{{").replace("}", "}}") or " "
