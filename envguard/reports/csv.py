"""The scan report as CSV (RFC 4180), for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from envguard.core.finding import Finding
from envguard.core.text import printable
from envguard.reports.report import Report, advice, level

COLUMNS = (
    *("severity", "confidence", "rule", "title", "path", "line", "column", "preview"),
    *("fingerprint", "state", "commit", "author", "date", "in_head", "pushed_to"),
    *("decoded", "verified", "revoke", "advice"),
)
# What makes a spreadsheet compute a cell: https://owasp.org/www-community/attacks/CSV_Injection.
# Tabs and line ends are escapes here; the wide forms are those of East Asian keyboards.
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def render(report: Report) -> str:
    """A line of names, then one for each finding; lines end with CR LF. What a spreadsheet would
    compute begins with an apostrophe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for finding in report.findings:
        writer.writerow([cell(value) for value in _values(finding, report)])
    return text.getvalue()


def _values(finding: Finding, report: Report) -> Iterator[str]:
    yield level(finding)
    yield finding.confidence.name.lower()
    yield finding.rule
    yield finding.title
    yield finding.path
    yield str(finding.line)
    yield str(finding.column)
    yield finding.preview
    yield finding.fingerprint
    yield finding.state
    yield finding.commit or ""
    yield finding.author or ""
    yield finding.date or ""
    yield _said(finding.in_head)
    yield " ".join(finding.pushed_to)
    yield finding.decoded or ""
    yield _said(finding.verified)
    yield finding.revoke
    yield advice(finding, report.rules)


def cell(text: str) -> str:
    """A text that a spreadsheet shows, and does not compute, in one line."""
    is_formula = text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA)
    return f"'{printable(text)}" if is_formula else printable(text)


def _said(answer: bool | None) -> str:
    return "" if answer is None else ("yes" if answer else "no")
