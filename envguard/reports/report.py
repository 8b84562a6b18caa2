"""What every report is made from, and what several of them say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from envguard.core.finding import Coverage, Finding, Occurrence
from envguard.core.rule import Rule
from envguard.core.text import printable
from envguard.reports.style import Style

TOOL = "envguard"
_ADVICE = (
    "Make a new one where it was issued, move it into a secrets backend, put it to use, and then"
    " withdraw this one: whoever could read the file or its history has it."
)
_LINK = re.compile(r"https?://[!-~]+")


class Report(NamedTuple):
    """The result of a scan. `rules` are those of the findings, by id, where they are known;
    `started` and `ended` are seconds since 1970; `page` is the template of the HTML report."""

    findings: Sequence[Finding]
    coverage: Coverage
    rules: Mapping[str, Rule] = {}
    version: str = ""
    started: float = 0.0
    ended: float = 0.0
    style: Style = Style()
    verbose: bool = False
    page: str = ""


def level(finding: Finding) -> str:
    """`critical`, `high`, `medium` or `low`."""
    return finding.severity.name.lower()


def sentence(finding: Finding) -> str:
    """What was found, in one line that is safe to show."""
    kind = f" in {finding.decoded}" if finding.decoded else ""
    known = {True: ", and it works", False: ", and it no longer works", None: ""}
    return printable(
        f"{finding.title}{kind} ({finding.preview}), confidence"
        f" {finding.confidence.name.lower()}{known[finding.verified]}"
    )


def origin(finding: Finding) -> str:
    """Since when, by whom, and how far it went; empty where no history was read."""
    if finding.commit is None:
        return ""
    author = f" by {finding.author}" if finding.author else ""
    text = f"Introduced in {finding.commit[:12]} ({(finding.date or '')[:10]}){author}"
    if finding.in_head is False:
        text += ", no longer in HEAD"
    if finding.pushed_to:
        text += f", pushed to {', '.join(finding.pushed_to)}"
    return printable(text)


def advice(finding: Finding, rules: Mapping[str, Rule]) -> str:
    """What to do about a leaked credential of this kind, in one line that is safe to show."""
    rule = rules.get(finding.rule)
    return printable(rule.advice if rule is not None and rule.advice else _ADVICE)


def link(text: str) -> str | None:
    """`text` where it is the address of a page and nothing else."""
    return text if _LINK.fullmatch(text) else None


def standing(finding: Finding) -> list[Occurrence]:
    """Where it stands in the tree that was scanned; empty where only the history has it."""
    here = Occurrence("head", finding.path, finding.line)
    if finding.in_head is None:
        return [here]
    heads = [o for o in finding.occurrences if o.change == "head" and o.line is not None]
    return heads or ([here] if finding.in_head else [])
