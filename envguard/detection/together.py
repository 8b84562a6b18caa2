"""Findings by rules of several tools: what is told of those that stand in the same place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from envguard.core.finding import Finding
from envguard.core.rule import Rule
from envguard.detection.foreign import Beside


def told(findings: Sequence[Finding], rules: Sequence[Rule], beside: Beside) -> list[Finding]:
    """The findings, in the order of their places, without those that a configuration allows by
    their commits, and without those of other tools' rules in whose place another one stands that
    is as sure: ours, or one that is not called generic, or the earlier one."""
    foreign = {rule.id for rule in rules if rule.checks is not None and rule.checks.is_foreign}
    order = {rule.id: number for number, rule in enumerate(rules)}

    def rank(finding: Finding) -> tuple[int, bool, bool, int]:
        rule = finding.rule
        generic = rule in foreign and "generic" in rule.lower()
        return -finding.confidence, rule in foreign, generic, order.get(rule, len(order))

    kept: list[Finding] = []
    near: list[Finding] = []  # of those that are kept, what may reach the next one
    for finding in findings:
        if _is_allowed(finding, beside):
            continue
        near = [other for other in near if _reaches(other, finding)]
        rivals = [o for o in near if o.rule in foreign or finding.rule in foreign]
        if any(rank(other) < rank(finding) for other in rivals):
            continue
        for other in rivals:
            kept.remove(other)
            near.remove(other)
        kept.append(finding)
        near.append(finding)
    return kept


def _reaches(finding: Finding, later: Finding) -> bool:
    """Whether a finding goes on where a later one begins."""
    same = finding.path == later.path and finding.commit == later.commit
    return same and (finding.end_line, finding.end_column) > (later.line, later.column)


def _is_allowed(finding: Finding, beside: Beside) -> bool:
    """Whether all commits that brought it in are allowed; what is not in a commit is not."""
    allowed = beside.commits.get(finding.rule)
    if not allowed:
        return False
    return _commits(finding) <= set(allowed) and bool(_commits(finding))


def _commits(finding: Finding) -> set[str]:
    introduced: Iterable[str | None] = (
        o.commit for o in finding.occurrences if o.change == "introduced"
    )
    found = {commit for commit in introduced if commit}
    return found or ({finding.commit} if finding.commit else set())
