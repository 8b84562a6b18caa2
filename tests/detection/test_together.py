"""Of findings in one place by rules of several tools one is told."""

from __future__ import annotations

import pytest

from envguard.core.finding import Finding, Occurrence
from envguard.core.rule import Confidence, Rule, Severity
from envguard.detection.detector import GENERIC
from envguard.detection.foreign import GITLEAKS, Beside, Table
from envguard.detection.together import told

CHECKS = Table.of([{}], []).checks(0, GITLEAKS)


def rule(name: str, *, theirs: bool) -> Rule:
    return GENERIC._replace(id=name, checks=CHECKS if theirs else None)


RULES = [
    rule("ours", theirs=False),
    rule("other-of-ours", theirs=False),
    rule("generic-of-theirs", theirs=True),
    rule("theirs", theirs=True),
]


def finding(
    name: str, first: int, last: int, sure: Confidence = Confidence.MEDIUM, path: str = "a"
) -> Finding:
    return Finding(name, "", Severity.LOW, sure, path, 1, first, 1, last, "", "", "")


def names(*findings: Finding) -> list[str]:
    return [finding.rule for finding in told(findings, RULES, Beside())]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (finding("ours", 1, 9), finding("theirs", 1, 9), ["ours"]),
        (finding("theirs", 1, 9), finding("ours", 5, 12), ["ours"]),
        (finding("theirs", 1, 9, Confidence.HIGH), finding("ours", 5, 12), ["theirs"]),
        (finding("generic-of-theirs", 1, 9), finding("theirs", 3, 9), ["theirs"]),
        (finding("ours", 1, 9), finding("other-of-ours", 5, 12), ["ours", "other-of-ours"]),
        (finding("ours", 1, 9), finding("theirs", 9, 12), ["ours", "theirs"]),
        (finding("ours", 1, 9), finding("theirs", 1, 9, path="b"), ["ours", "theirs"]),
    ],
)
def test_one_is_told_of_what_overlaps(first: Finding, second: Finding, kept: list[str]) -> None:
    assert names(first, second) == kept


def test_a_long_one_is_compared_with_all_that_it_covers() -> None:
    found = [finding("theirs", 1, 90), finding("ours", 5, 9), finding("ours", 20, 29)]
    assert names(*found) == ["ours", "ours"]
    found[0] = finding("theirs", 1, 90, Confidence.HIGH)
    assert names(*found) == ["theirs"]


def test_what_allowed_commits_brought_in_is_no_finding() -> None:
    beside = Beside(commits={"theirs": ["aa", "bb"]})

    def kept(*commits: str) -> bool:
        occurrences = tuple(Occurrence("introduced", "a", 1, commit) for commit in commits)
        one = finding("theirs", 1, 9)._replace(commit=commits[0] if commits else None)
        return bool(told([one._replace(occurrences=occurrences)], RULES, beside))

    assert not kept("aa")
    assert not kept("aa", "bb")
    assert kept("aa", "cc")
    assert kept()
