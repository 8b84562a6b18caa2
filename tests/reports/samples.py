"""Findings and coverage for the tests of the reports."""

from __future__ import annotations

from envguard.core.finding import Coverage, Finding, Occurrence, Unseen
from envguard.core.rule import Confidence, Severity

FIRST, SECOND = "1" * 40, "2" * 40
ADA = "Ada <ada@example.com>"
DATE = "2024-05-06T07:08:09+02:00"

IN_A_FILE = Finding(
    rule="github-token",
    title="GitHub token",
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    path="src/deploy.py",
    line=3,
    column=10,
    end_line=3,
    end_column=50,
    preview="ghp_********zI",
    fingerprint="52f944e0d96b9f687e998bca3763721a",
    revoke="https://github.com/settings/tokens",
    details=(("kind", "personal access token"),),
)
IN_A_HISTORY = IN_A_FILE._replace(
    path="config/settings.py",
    severity=Severity.HIGH,
    rule="private-key",
    title="Private key",
    preview="********",
    fingerprint="0" * 32,
    line=7,
    end_line=34,
    revoke="",
    commit=FIRST,
    author=ADA,
    date=DATE,
    in_head=False,
    details=(("type", "RSA 2048 bits"), ("encrypted", "no"), ("comment", "ada@" + "example" * 12)),
    pushed_to=("origin/main", "origin/side", "v1", "v2", "v3", "v4", "v5"),
    occurrences=(
        Occurrence("introduced", "config/settings.py", 7, FIRST, ADA, DATE),
        Occurrence("introduced", "config/copy.py", 1, FIRST, ADA, DATE),
        Occurrence("removed", "config/settings.py", None, SECOND, ADA, DATE),
        Occurrence("introduced", "(commit message)", 2, SECOND, ADA, DATE),
    ),
)
AT_HEAD = IN_A_HISTORY._replace(
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    rule="generic-credential",
    title="Credential in an assignment",
    path="app.py",
    in_head=True,
    pushed_to=(),
    occurrences=(
        Occurrence("introduced", "app.py", 7, FIRST, ADA, DATE),
        Occurrence("head", "app.py", 9),
    ),
)
WEAK = IN_A_FILE._replace(
    severity=Severity.LOW, confidence=Confidence.LOW, path="docs/x.md", revoke="", rule="weak"
)

HOSTILE = "a\nb\x1b[31m\r\u202e\u2028\udcffé"
SHOWN = r"a\nb\x1b[31m\r\u202e\u2028\xffé"


def coverage() -> Coverage:
    """A complete scan of a work tree."""
    found = Coverage(files=1204, bytes=3_456_789)
    found.excluded.append(Unseen("vendor/", "excluded by configuration"))
    found.notes.append(".env is ignored by git and holds 2 secrets: envguard migrate .env")
    return found


def incomplete() -> Coverage:
    """A scan of a history that could not look at everything."""
    found = Coverage(bytes=999, commits=2, blobs=1)
    found.skipped.append(Unseen("(history)", "history before the shallow boundary is not here"))
    found.excluded += [Unseen(f"folder{number}/", "excluded") for number in range(6)]
    return found
