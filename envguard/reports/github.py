"""The scan report as GitHub's workflow commands: a note at the line of each finding.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands; the escapes
are those of the runner (github.com/actions/runner, src/Runner.Common/ActionCommand.cs).
"""

from __future__ import annotations

from collections.abc import Iterator

from envguard.core.finding import Finding
from envguard.core.rule import Severity
from envguard.core.text import printable
from envguard.reports.report import Report, advice, link, origin, sentence, standing

_COMMANDS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
}
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def render(report: Report) -> str:
    """A command on each line: the findings, one for each place in the tree, then what could not
    be looked at, then the notes."""
    lines = [line for finding in report.findings for line in _finding(finding, report)]
    for unseen in report.coverage.skipped:
        lines.append(_command("error", {"title": "not scanned"}, f"{unseen.path}: {unseen.reason}"))
    lines += [_command("notice", {"title": "envguard"}, note) for note in report.coverage.notes]
    return "".join(line + "\n" for line in lines)


def _finding(finding: Finding, report: Report) -> Iterator[str]:
    command = _COMMANDS[finding.severity]
    revoke = f" Revoke it: {finding.revoke}" if link(finding.revoke) else ""
    told = [sentence(finding), origin(finding), advice(finding, report.rules) + revoke]
    message = ". ".join(filter(None, told))
    places = standing(finding)
    for place in places:
        where = {"file": place.path, "line": str(place.line)}
        if (place.path, place.line) == (finding.path, finding.line):
            where |= {"endLine": str(finding.end_line), "col": str(finding.column)}
            if finding.end_line == finding.line:  # else the runner drops the columns
                where["endColumn"] = str(finding.end_column)
            else:
                del where["col"]
        yield _command(command, {**where, "title": finding.title}, message)
    if not places:
        # No file of the tree: a note at its line would stand at something else.
        then = f"{finding.path}:{finding.line}: {message}"
        yield _command(command, {"title": finding.title}, then)


def _command(name: str, properties: dict[str, str], message: str) -> str:
    told = ",".join(f"{key}={_escaped(text, _PROPERTY)}" for key, text in properties.items())
    return f"::{name} {told}::{_escaped(message, _DATA)}"


def _escaped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(c) or printable(c) for c in text)
