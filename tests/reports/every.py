"""One report for the tests of the forms, and what all of them must keep."""

from __future__ import annotations

from pathlib import Path

from envguard.core.finding import Coverage, Occurrence, Unseen
from envguard.core.rule import Confidence, Rule, Severity
from envguard.reports.report import Report
from tests.reports.samples import AT_HEAD, IN_A_FILE, IN_A_HISTORY, WEAK, coverage
from tests.reports.test_text import hostile

PAGE = (Path(__file__).parents[2] / "templates" / "report.html").read_text("utf-8")
START = 1_715_000_000.0  # 2024-05-06
GITHUB = Rule(
    id="github-token",
    title="GitHub token",
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    pattern="",
    anchor="",
    source="https://docs.github.com/",
    revoke="https://github.com/settings/tokens",
    proof=None,
    span=0,
    weighed=False,
    examples=(),
    non_examples=(),
    advice="Revoke it, then [look] at the security log {first}.",
)
ALL = [IN_A_FILE, IN_A_HISTORY, AT_HEAD, WEAK]
HOSTILE_TEXTS = [
    "a\nb\r\n\x1b[31m\x00\x7f\x85\x9b\u2028\u202e\udcff\ufffe",
    "\n::error file=x::pwned",
    "##[error]pwned",
    "##vso[task.prependpath]pwned",
    "=cmd()|' /C calc'!A0",
    "<script>alert(1)</script><!-- \"'",
    "]]><x/>",
    "{{rows}} {{policy}} {0} [a](javascript:alert(1)) `x` @team",
    "a,b:c%0A%d;=1+1",
    "x" * 5000,
]


def usual(seen: Coverage | None = None) -> Report:
    """A report with a finding of every kind."""
    return Report(
        ALL,
        coverage() if seen is None else seen,
        rules={"github-token": GITHUB},
        version="1.2.3",
        started=START,
        ended=START + 2.5,
        page=PAGE,
    )


def evil(text: str) -> Report:
    """A report with this text wherever the tree, or a rule file of it, gives one."""
    finding, seen = hostile(text)
    head = Occurrence("head", text, 3)
    gone = Occurrence("removed", text, None, "4" * 40, text, "2024-01-02")
    findings = [
        finding,
        finding._replace(in_head=True, occurrences=(*finding.occurrences, head, gone)),
        finding._replace(in_head=None, commit=None, decoded=text, date=None, author=None),
    ]
    seen.skipped.append(Unseen("/absolute", text))
    rule = GITHUB._replace(id=text, title=text, advice=text, source=text, revoke=text)
    return usual(seen)._replace(findings=findings, rules={text: rule})


def is_clean(text: str, allowed: str = "\n") -> bool:
    """Whether it has no control character, no surrogate and nothing that turns text around."""
    return all(c.isprintable() or c in allowed for c in text)
