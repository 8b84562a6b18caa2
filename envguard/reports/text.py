"""The scan report for a person: what, where, since when, what to do next; then what was read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from envguard.core.finding import Coverage, Finding, Unseen
from envguard.core.rule import Severity
from envguard.core.text import printable
from envguard.reports.style import Style

_COLOURS = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
}
_SHOWN = 5  # occurrences, and paths in a list, before `and N more`
_LONGEST_DETAIL = 70  # characters
_WIDTH = 76
_LINE = 80
_LIST = 60  # characters for a list, beside what stands before and after it
_TYPEABLE = re.compile(r"[\w./+][\w./+-]*", re.ASCII)


def render(
    findings: Sequence[Finding], coverage: Coverage, *, style: Style, verbose: bool = False
) -> str:
    """The whole report, with a line end after its last line. Text of the tree is escaped."""
    # A text for each finding: lines by themselves take twice the memory.
    lines = ["\n".join(_finding(finding, style)) + "\n" for finding in _grouped(findings)]
    lines += _coverage(findings, coverage, style, verbose)
    return "\n".join(lines) + "\n"


def _grouped(findings: Sequence[Finding]) -> list[Finding]:
    """Those of one file together; the file with the weightiest one first."""
    files: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=_importance):
        files.setdefault(finding.path, []).append(finding)
    return [finding for file in files.values() for finding in file]


def _importance(finding: Finding) -> tuple[bool, int, int, str, int]:
    rank = finding.verified is not True, -finding.severity, -finding.confidence
    return *rank, finding.path, finding.line


def _finding(finding: Finding, style: Style) -> Iterator[str]:
    severity = style.paint(finding.severity.name.lower(), _COLOURS[finding.severity])
    place = f"{printable(finding.path)}:{finding.line}:{finding.column}"
    title, rule = printable(finding.title), printable(finding.rule)
    head = f"{severity}  {style.paint(title, 'bold')}"
    if len(finding.severity.name) + len(title) + len(rule) + 4 > _LINE:
        yield head
        yield f"  {style.paint(rule, 'dim')}"
    else:
        yield f"{head}  {style.paint(rule, 'dim')}"
    yield f"  {place}  {printable(finding.preview)}"
    yield from _verified(finding, style)
    yield from _details(finding)
    if finding.commit is not None:
        author = printable(finding.author or "")
        yield f"  since {finding.commit[:12]}  {printable((finding.date or '')[:10])}  {author}"
    if finding.in_head is not None:
        yield "  still in HEAD" if finding.in_head else "  no longer in HEAD, but in the history"
    if finding.pushed_to:
        yield f"  in {_listed([printable(ref) for ref in finding.pushed_to])}"
    others = [
        f"{printable(o.path)}:{o.line}" if o.line else printable(o.path)
        for o in finding.occurrences
        if o.change == "introduced" and (o.path, o.commit) != (finding.path, finding.commit)
    ]
    if others:
        yield f"  also in {_listed(list(dict.fromkeys(others)))}"
    yield f"  {_next_step(finding)}"


def _next_step(finding: Finding) -> str:
    """The first thing to do about it."""
    if finding.revoke:
        return f"revoke it: {printable(finding.revoke)}"
    if finding.in_head is False:
        return "next: change it where it was issued; the history keeps this one"
    name = finding.path.rpartition("/")[2]
    if name.startswith(".env") and _TYPEABLE.fullmatch(finding.path):
        return f"next: envguard migrate {finding.path} --to local:"
    return "next: change it where it was issued, then read it from the environment"


def _verified(finding: Finding, style: Style) -> Iterator[str]:
    """What its provider says of it, where it was asked."""
    said = dict(finding.details).get("verified")
    if said is not None:
        colour = {True: "bold red", False: "green", None: "yellow"}[finding.verified]
        yield f"  {style.paint(printable(said), colour)}"


def _details(finding: Finding) -> Iterator[str]:
    """The short ones, as many to a line as fit; others have a place of their own."""
    line = ""
    for name, text in finding.details:
        if name in ("key", "verified"):
            continue
        told = f"{printable(name)} {printable(text)}"
        if len(told) > _LONGEST_DETAIL:
            told = told[: _LONGEST_DETAIL - 1] + "…"
        if line and len(line) + len(told) > _WIDTH:
            yield line
            line = ""
        line = f"{line}, {told}" if line else f"  {told}"
    if line:
        yield line


def _listed(items: list[str]) -> str:
    """As many as fit in a line, and at least one."""
    count = min(len(items), _SHOWN)
    while count > 1 and sum(map(len, items[:count])) + 2 * count > _LIST:
        count -= 1
    shown = ", ".join(items[:count])
    return f"{shown} and {len(items) - count} more" if len(items) > count else shown


def _coverage(
    findings: Sequence[Finding], coverage: Coverage, style: Style, verbose: bool
) -> Iterator[str]:
    for unseen in coverage.skipped:
        yield f"{style.paint('not scanned', 'bold red')}  {_unseen(unseen)}"
    if verbose or len(coverage.excluded) <= _SHOWN:
        for unseen in coverage.excluded:
            yield f"{style.paint('left out', 'dim')}  {_unseen(unseen)}"
    for note in coverage.notes:
        yield f"note: {printable(note)}"
    seen = [
        f"{count:,} {_plural(noun, count)}"
        for noun, count in (
            ("file", coverage.files),
            ("commit", coverage.commits),
            ("blob", coverage.blobs),
        )
        if count
    ]
    seen.append(size(coverage.bytes))
    if len(coverage.excluded) > _SHOWN and not verbose:
        seen.append(f"{len(coverage.excluded):,} left out")
    total = len(findings)
    verdict = f"{total:,} {_plural('finding', total)}" if findings else "no findings"
    colour = "bold red" if findings or not coverage.complete else "green"
    if not coverage.complete:
        verdict += ", but the scan is incomplete"
    yield f"{style.paint(verdict, colour)} in {', '.join(seen)}"


def _unseen(unseen: Unseen) -> str:
    return f"{printable(unseen.path)}: {printable(unseen.reason)}"


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else noun + "s"


def size(count: int) -> str:
    """A number of bytes for a person, such as `1.2 MB`."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
