"""The scan report as JUnit's XML, which every CI system shows as tests.

The form is the one that Jenkins reads (junit-10.xsd of its xUnit plugin).
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from envguard.core.finding import Finding
from envguard.core.text import printable
from envguard.reports.report import TOOL, Report, advice, level, link, origin, sentence


def render(report: Report) -> str:
    """A failed test for each finding, an error for each path that could not be looked at, and one
    test that passes where there is neither. UTF-8; no character that XML forbids."""
    failures, errors = len(report.findings), len(report.coverage.skipped)
    tests = max(failures + errors, 1)
    counts = f'tests="{tests}" failures="{failures}" errors="{errors}"'
    time = f'time="{max(report.ended - report.started, 0):.3f}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="{TOOL}" {counts} {time}>',
        f'  <testsuite name="{TOOL} scan" {counts} skipped="0" {time}>',
        *_cases(report),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _cases(report: Report) -> Iterator[str]:
    for finding in report.findings:
        yield from _finding(finding, report)
    for unseen in report.coverage.skipped:
        yield f'    <testcase classname={_value(unseen.path)} name="scan">'
        yield f'      <error type="not scanned" message={_value(unseen.reason)}/>'
        yield "    </testcase>"
    if not report.findings and not report.coverage.skipped:
        yield f'    <testcase classname="{TOOL}" name="scan"/>'


def _finding(finding: Finding, report: Report) -> Iterator[str]:
    place = f"{finding.path}:{finding.line}:{finding.column}"
    name = f"{finding.rule} line {finding.line} column {finding.column}"
    revoke = f"revoke it: {finding.revoke}" if link(finding.revoke) else ""
    told = [place, sentence(finding), origin(finding), advice(finding, report.rules), revoke]
    told.append(f"fingerprint {finding.fingerprint}" if finding.fingerprint else "")
    text = "\n".join(escape(printable(line)) for line in told if line)
    yield f"    <testcase classname={_value(finding.path)} name={_value(name)}>"
    kind = f"{level(finding)}: {finding.rule}"
    yield f"      <failure type={_value(kind)} message={_value(sentence(finding))}>{text}</failure>"
    yield "    </testcase>"


def _value(text: str) -> str:
    return quoteattr(printable(text))
