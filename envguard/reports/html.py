"""The scan report as one HTML file that needs nothing else: no network, no other file.

The page is `templates/report.html`. It works without its script, which only filters. Its policy
(https://www.w3.org/TR/CSP3/) lets nothing but its own style and script in, by their digests.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from html import escape

from envguard.core.finding import Finding, Occurrence
from envguard.core.rule import Severity
from envguard.core.text import printable
from envguard.reports.report import Report, advice, level, link, standing
from envguard.reports.text import size
from envguard.reports.timeline import bars, day, drawing, table

_HOLE = re.compile(r"\{\{([a-z]+)\}\}")


def render(report: Report) -> str:
    """The page. Text of the tree is escaped, and fills its holes once."""
    holes = {
        "policy": _policy(report.page),
        "version": _text(report.version),
        "time": _time(report.ended),
        "summary": _summary(report),
        "incomplete": _incomplete(report),
        "timeline": _timeline(report),
        "severities": "".join(map(_choice, _severities(report))),
        "rules": _options(finding.rule for finding in report.findings),
        "authors": _options(finding.author or "" for finding in report.findings),
        "rows": "\n".join(_row(finding, report) for finding in _ordered(report)),
        "coverage": _coverage(report),
    }
    return _HOLE.sub(lambda hole: holes[hole[1]], report.page)


def _policy(page: str) -> str:
    digests = {kind: _digest(_inside(page, kind)) for kind in ("style", "script")}
    sources = "; ".join(f"{kind}-src 'sha256-{digest}'" for kind, digest in digests.items())
    return f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"


def _inside(page: str, kind: str) -> str:
    return page.partition(f"<{kind}>")[2].partition(f"</{kind}>")[0]


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _text(text: str) -> str:
    return escape(printable(text))


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _ordered(report: Report) -> list[Finding]:
    return sorted(report.findings, key=lambda f: (-f.severity, -f.confidence, f.path, f.line))


def _severities(report: Report) -> list[Severity]:
    return sorted({finding.severity for finding in report.findings}, reverse=True)


def _choice(severity: Severity) -> str:
    name = severity.name.lower()
    return f'<label><input type="checkbox" name="severity" value="{name}" checked> {name}</label>'


def _options(values: Iterable[str]) -> str:
    return "".join(
        f'<option value="{_text(value) or "-"}">{_text(value) or "unknown"}</option>'
        for value in sorted(set(values))
    )


def _summary(report: Report) -> str:
    counts = [
        (severity, sum(1 for finding in report.findings if finding.severity == severity))
        for severity in _severities(report)
    ]
    parts = "".join(
        f'<li class="{severity.name.lower()}"><b>{count}</b> {severity.name.lower()}</li>'
        for severity, count in counts
    )
    seen = report.coverage
    looked = [f"{seen.files:,} files" if seen.files else ""]
    looked += [f"{seen.commits:,} commits" if seen.commits else ""]
    looked += [size(seen.bytes)]
    total = len(report.findings)
    verdict = f"{total:,} finding{'' if total == 1 else 's'}" if total else "No findings"
    return f"<p>{verdict} in {', '.join(filter(None, looked))}.</p><ul class=counts>{parts}</ul>"


def _incomplete(report: Report) -> str:
    if report.coverage.complete:
        return ""
    items = "".join(
        f"<li><code>{_text(unseen.path)}</code>: {_text(unseen.reason)}</li>"
        for unseen in report.coverage.skipped
    )
    return (
        "<section class=incomplete role=alert><h2>The scan is incomplete</h2>"
        f"<p>This could not be looked at:</p><ul>{items}</ul></section>"
    )


def _timeline(report: Report) -> str:
    shown = bars(report.findings)
    if not shown:
        return (
            "<p>No history was read. <code>envguard scan --history</code> tells when each"
            " credential came and went.</p>"
        )
    return (
        '<p class=legend><span class="key introduced"></span> introduced'
        ' <span class="key removed"></span> removed</p>'
        f"{drawing(shown)}<details><summary>The numbers</summary>{table(shown)}</details>"
    )


def _row(finding: Finding, report: Report) -> str:
    when = day(finding.date)
    now = datetime.fromtimestamp(int(report.ended), timezone.utc).date()
    data = {
        "severity": level(finding),
        "rule": _text(finding.rule) or "-",
        "author": _text(finding.author or "") or "-",
        "days": str((now - when).days) if when else "",
    }
    attributes = " ".join(f'data-{name}="{value}"' for name, value in data.items())
    title = f"<b>{_text(finding.title)}</b> <code>{_text(finding.rule)}</code>"
    path, line = next(((o.path, o.line) for o in standing(finding)), (finding.path, finding.line))
    since = f"<time>{when}</time><br>{_text(finding.author or '')}" if when else "unknown"
    return (
        f"<tr {attributes}>"
        f'<td><span class="severity {level(finding)}">{level(finding)}</span></td>'
        f"<td>{title}<br><code>{_text(finding.preview)}</code>"
        f"<details><summary>Details</summary>{_details(finding, report)}</details></td>"
        f"<td><code>{_text(path)}:{line}</code></td>"
        f"<td>{since}</td><td>{_state(finding)}</td></tr>"
    )


def _state(finding: Finding) -> str:
    where = {None: "in the files", True: "in HEAD", False: "in the history only"}[finding.in_head]
    pushed = "<br>pushed" if finding.pushed_to else ""
    verified = {None: "", True: "<br>it works", False: "<br>no longer works"}[finding.verified]
    return where + pushed + verified


def _details(finding: Finding, report: Report) -> str:
    page = link(finding.revoke)
    facts = [
        ("What to do", _text(advice(finding, report.rules))),
        (
            "Revoke it",
            f'<a href="{_text(page)}" rel="noreferrer">{_text(page)}</a>' if page else "",
        ),
        ("Confidence", finding.confidence.name.lower()),
        ("Fingerprint", f"<code>{_text(finding.fingerprint)}</code>"),
        ("Encoded", _text(finding.decoded or "")),
        ("Pushed to", _text(", ".join(finding.pushed_to))),
        *((_text(name), _text(text)) for name, text in finding.details),
    ]
    told = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in facts if text)
    places = "".join(_places(finding.occurrences))
    return f"<dl>{told}</dl>" + (f"<ol class=places>{places}</ol>" if places else "")


def _places(occurrences: Iterable[Occurrence]) -> Iterator[str]:
    for occurrence in occurrences:
        line = f":{occurrence.line}" if occurrence.line else ""
        told = [(occurrence.commit or "")[:12], (occurrence.date or "")[:10]]
        told.append(occurrence.author or "")
        change = "stands at HEAD" if occurrence.change == "head" else occurrence.change
        parts = " ".join(_text(text) for text in told if text)
        yield (
            f"<li><b>{_text(change)}</b> <code>{_text(occurrence.path)}{line}</code> {parts}</li>"
        )


def _coverage(report: Report) -> str:
    notes = "".join(f"<li>{_text(note)}</li>" for note in report.coverage.notes)
    left = "".join(
        f"<li><code>{_text(unseen.path)}</code>: {_text(unseen.reason)}</li>"
        for unseen in report.coverage.excluded
    )
    parts = f"<h2>Notes</h2><ul>{notes}</ul>" if notes else ""
    if left:
        count = len(report.coverage.excluded)
        parts += f"<details><summary>Left out ({count:,})</summary><ul>{left}</ul></details>"
    return parts
