"""A `.secrets.baseline` for detect-secrets from our findings, so that its audit finds them again.

Its audit looks for each value with the plugin of the entry's type: so an entry is what that plugin
sees at our finding's place, where detect-secrets is installed and has such a plugin.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from envguard.core.errors import ConfigError, UsageError
from envguard.core.finding import Finding
from envguard.detection.baseline import detect_secrets
from envguard.detection.baseline.detect_secrets import Row
from envguard.detection.baseline.entries import Baseline
from envguard.detection.plugins import library

_KEYWORD = "Secret Keyword"
# Its words for what rules of ours find, for what none of its plugins sees.
_KINDS = {
    "aws-access-key-id": "AWS Access Key",
    "stripe-live-key": "Stripe Access Key",
    "url-credentials": "Basic Auth Credentials",
    "database-url": "Basic Auth Credentials",
}


class Written(NamedTuple):
    """The text of the file, how many results it has, and of how many of these its plugins know
    nothing; None where detect-secrets is not installed."""

    text: str
    results: int
    unseen: int | None


def read(file: Path) -> Mapping[str, Any]:
    """The file as JSON. Raises UsageError."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if detect_secrets.is_baseline(data):
            list(detect_secrets.rows(data))
            return dict(data)
    except FileNotFoundError:
        raise UsageError(
            f"there is no file {file}", "envguard baseline create --format detect-secrets"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    raise UsageError(f"{file} is no baseline of detect-secrets", "name another one: --baseline")


def write(
    findings: Iterable[Finding],
    top: Path,
    ours: Baseline,
    before: Mapping[str, Any] | None,
    now: str,
) -> Written:
    """The file for the findings in the work tree at `top`. What people said stays: in the file
    `before`, else in our own baseline. Its other results stay where their files do."""
    old = list(detect_secrets.rows(before)) if before is not None else []
    labels = {(row.path, row.sha1): row.is_secret for row in old if row.is_secret is not None}
    plugins = _plugins()
    rows: dict[tuple[str, str, str], Row] = {
        (row.path, row.kind, row.sha1): row for row in old if (top / row.path).is_file()
    }
    unseen = 0
    for path, found in _by_file(findings).items():
        file = _File(top, path, plugins or ())
        for finding in found:
            seen = list(file.seen(finding))
            unseen += not seen
            entry = ours.entries.get(finding.fingerprint)
            own = detect_secrets.label_of(entry.state) if entry is not None else None
            for kind, sha1 in seen or file.plain(finding):
                label = labels.get((path, sha1), own)
                rows[path, kind, sha1] = Row(path, kind, sha1, finding.line, label)
    text = detect_secrets.render(rows.values(), before, now)
    return Written(text, len(rows), unseen if plugins is not None else None)


class _File:
    """A file with findings, and what plugins see in its lines."""

    def __init__(self, top: Path, path: str, plugins: Sequence[Any]) -> None:
        self._name = path
        self._plugins = plugins
        try:
            self._lines = (top / path).read_text("utf-8", "surrogateescape").split("\n")
        except OSError:
            self._lines = []
        self._forms = [self._lines, *(library.line_forms(str(top / path)) if plugins else ())]

    def seen(self, finding: Finding) -> Iterator[tuple[str, str]]:
        """Kind and SHA-1 of what plugins see where a finding is, in its first line."""
        line = self._line(finding.line)
        start = finding.column - 1
        end = finding.end_column - 1 if finding.end_line == finding.line else len(line)
        forms = {lines[finding.line - 1] for lines in self._forms if finding.line <= len(lines)}
        found: set[tuple[str, str]] = set()
        for plugin in self._plugins:
            for form in forms:
                for value in library.analyzed(plugin, form, self._name, self._name):
                    at = line.find(value)
                    if 0 <= at < end and start < at + len(value):
                        found.add((str(plugin.secret_type), _sha1(value)))
        yield from sorted(found)

    def plain(self, finding: Finding) -> Iterator[tuple[str, str]]:
        """Kind and SHA-1 of the finding's own text."""
        lines = self._lines[finding.line - 1 : finding.end_line]
        if lines:
            last = lines[-1][: finding.end_column - 1]
            text = "\n".join([*lines[:-1], last])[finding.column - 1 :]
            yield _KINDS.get(finding.rule, _KEYWORD), _sha1(text)

    def _line(self, number: int) -> str:
        return self._lines[number - 1] if number <= len(self._lines) else ""


def _plugins() -> list[Any] | None:
    """The plugins that the file names, made; None where detect-secrets is not installed."""
    try:
        known = library.classes()
    except ConfigError:
        return None
    return [
        library.made(known[name], options, name)
        for name, options in detect_secrets.PLUGINS.items()
        if name in known
    ]


def _by_file(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    files: dict[str, list[Finding]] = {}
    for finding in findings:
        files.setdefault(finding.path, []).append(finding)
    return files


def _sha1(text: str) -> str:
    content = text.encode("utf-8", "surrogateescape")
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
