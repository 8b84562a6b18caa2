"""Scans for the tests of the scan jobs, and what their findings must be true of."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from envguard.core.config import Folders, load
from envguard.core.document import Document
from envguard.core.finding import Coverage, Finding, Occurrence
from envguard.core.rule import Confidence
from envguard.detection.prepare import standard
from envguard.jobs.scan.request import Mode, Request, Result
from tests.detection.samples import expand


def token(seed: int = 0) -> str:
    """A token of GitHub with a true checksum."""
    return expand("{github:ghp_}", seed).decode()


def leak(seed: int = 0) -> str:
    """A line of a program that holds it."""
    return f'TOKEN = "{token(seed)}"\n'


class Scanner:
    """Runs the job of each mode in a folder, as the command line would."""

    def __init__(self, cache: Path) -> None:
        self.folders = Folders(cache / "config", cache / "data", cache)

    def __call__(self, folder: Path, mode: Mode = Mode.TREE, **more: Any) -> Result:
        match mode:
            case Mode.TREE:
                from envguard.jobs.scan.tree import scan
            case Mode.STAGED:
                from envguard.jobs.scan.staged import scan
            case Mode.HISTORY:
                from envguard.jobs.scan.history import scan
            case Mode.RANGE:
                from envguard.jobs.scan.commits import scan
            case Mode.STDIN:
                from envguard.jobs.scan.stdin import scan
        config = load(folder, more.pop("config", None))
        return scan(Request(mode=mode, folder=folder, **more), config, self.folders, progress)


def unsure(scan: Scanner) -> tuple[str, str, str]:
    """A line of which we are sure enough in one file and less sure in another: the line, that
    file, and the other one."""
    detector = standard(scan.folders.cache)
    values = ("s3cr3t!X1", "tiger-7", "hunter22x", "Sommer2021", "passw0rd!", "blue42sky")
    paths = ("app.py", "prod.env", "settings.yml", "tests/a.py", "docs/guide.md", "a.txt")
    for value in values:
        for line in (f'password = "{value}"\n', f"password = {value}\n", f"password: {value}\n"):
            for candidate in detector.candidates(Document("", line.encode())):
                sure = {path: candidate.confidence(path) or 0 for path in paths}
                most, least = max(paths, key=sure.__getitem__), min(paths, key=sure.__getitem__)
                if sure[most] >= Confidence.MEDIUM and sure[least] == Confidence.LOW:
                    return line, most, least
    raise AssertionError("each of these is as likely in every file")


def progress(coverage: Coverage) -> None:
    """Shows nothing."""


def places(result: Result) -> list[tuple[str, int]]:
    """Path and line of each finding."""
    return [(finding.path, finding.line) for finding in result.findings]


def happened(finding: Finding) -> list[tuple[str, str, int | None]]:
    """Change, path and line of each occurrence."""
    return [(o.change, o.path, o.line) for o in finding.occurrences]


def compared(result: Result) -> tuple[object, ...]:
    """What must be the same of two scans of a history, in whichever order they tell of commits
    that are unrelated."""
    return sorted(map(facts, result.findings)), counted(result.coverage)


def facts(finding: Finding) -> tuple[object, ...]:
    """What is true of a finding, wherever it was first seen."""
    introduced = {o.commit for o in finding.occurrences if o.change == "introduced"}
    assert finding.commit in introduced
    return (
        finding.rule,
        finding.fingerprint,
        finding.in_head,
        sorted(map(str, finding.occurrences)),
        sorted(finding.pushed_to),
    )


def counted(coverage: Coverage) -> tuple[object, ...]:
    """What a scan says that it looked at."""
    return (
        coverage.commits,
        coverage.blobs,
        coverage.bytes,
        coverage.skipped,
        coverage.notes,
        sorted(coverage.excluded),
    )


def check_lines(root: Path, finding: Finding, value: str) -> None:
    """Checks that git has the value where each occurrence, and the finding itself, says."""
    assert finding.commit is not None
    assert text_in(root, finding.commit, finding.path, finding.line, finding) == value
    for occurrence in finding.occurrences:
        if occurrence.line is not None:
            assert value in _line(root, occurrence)
        else:
            assert occurrence.change == "removed"
            assert value not in _content(root, occurrence.commit, occurrence.path)


def text_in(root: Path, commit: str, path: str, line: int, finding: Finding) -> str:
    """The text that a finding points at."""
    content = _content(root, commit, path).splitlines()[line - 1]
    assert finding.end_line == line
    return content[finding.column - 1 : finding.end_column - 1]


def _line(root: Path, occurrence: Occurrence) -> str:
    assert occurrence.line is not None
    content = _content(root, occurrence.commit or "HEAD", occurrence.path)
    return content.splitlines()[occurrence.line - 1]


def _content(root: Path, commit: str | None, path: str) -> str:
    if path == "(commit message)":
        command = ["git", "log", "-1", "--format=%B", str(commit)]
    else:
        command = ["git", "show", f"{commit}:{path}"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    return done.stdout.decode("utf-8", "surrogateescape")


def authors(root: Path, commit: str) -> tuple[str, str]:
    """Author and date of a commit."""
    command = ["git", "log", "-1", "--format=%an <%ae>%n%aI", commit]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True)
    author, date = os.fsdecode(done.stdout).splitlines()
    return author, date


OWN_RULES = """
[[rule]]
id = "acme-key"
title = "Key of Acme"
severity = "high"
confidence = "high"
pattern = 'ACME-[0-9]{8}'
anchor = 'ACME-[0-9]{8}'
source = "https://acme.example/keys"
revoke = ""
examples = ["ACME-12345678"]
non_examples = ["ACME-1234567"]
"""
