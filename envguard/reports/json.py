"""The scan report as JSON, schema 1 (DESIGN: `scan --format json`); keys may be added later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from envguard.core.finding import Coverage, Finding, Occurrence, Unseen
from envguard.core.text import inert


def render(findings: Sequence[Finding], coverage: Coverage) -> str:
    """One JSON object and a line end. Bytes of a path that are no UTF-8 stand as `\\udcXX`."""
    report = {
        "schema": 1,
        "findings": [finding_object(finding) for finding in findings],
        "coverage": {
            "files": coverage.files,
            "bytes": coverage.bytes,
            "commits": coverage.commits,
            "blobs": coverage.blobs,
            "excluded": [_unseen(unseen) for unseen in coverage.excluded],
            "skipped": [_unseen(unseen) for unseen in coverage.skipped],
            "notes": coverage.notes,
        },
        "complete": coverage.complete,
    }
    return inert(json.dumps(report, indent=2)) + "\n"


def finding_object(finding: Finding) -> dict[str, Any]:
    """A finding as the report has it."""
    return {
        "rule": finding.rule,
        "title": finding.title,
        "severity": finding.severity.name.lower(),
        "confidence": finding.confidence.name.lower(),
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "end_line": finding.end_line,
        "end_column": finding.end_column,
        "preview": finding.preview,
        "fingerprint": finding.fingerprint,
        "commit": finding.commit,
        "author": finding.author,
        "date": finding.date,
        "in_head": finding.in_head,
        "pushed_to": list(finding.pushed_to),
        "occurrences": [occurrence_object(occurrence) for occurrence in finding.occurrences],
        "decoded": finding.decoded,
        "state": finding.state,
        "verified": finding.verified,
        "revoke": finding.revoke or None,
        "details": dict(finding.details),
    }


def occurrence_object(occurrence: Occurrence) -> dict[str, Any]:
    """One of its places."""
    return {
        "change": occurrence.change,
        "path": occurrence.path,
        "line": occurrence.line,
        "commit": occurrence.commit,
        "author": occurrence.author,
        "date": occurrence.date,
    }


def _unseen(unseen: Unseen) -> dict[str, str]:
    return {"path": unseen.path, "reason": unseen.reason}
