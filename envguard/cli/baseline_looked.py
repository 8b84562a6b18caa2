"""What the verbs of `envguard baseline` share: the place, the scan of it, and what is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from envguard.cli.progress import Progress
from envguard.cli.scan import look
from envguard.cli.session import Session
from envguard.core.errors import ExitCode, UsageError
from envguard.core.finding import Finding, Unseen
from envguard.core.rule import Confidence
from envguard.core.text import printable
from envguard.detection.baseline.entries import Baseline, Entry
from envguard.jobs.baseline.kept import Place, place
from envguard.jobs.scan.request import Mode, Request


@dataclass(frozen=True, slots=True)
class Looked:
    """All findings of a repository, known or not, and what could not be looked at."""

    findings: Sequence[Finding]
    skipped: Sequence[Unseen]


def place_of(session: Session, named: str | None) -> Place:
    """The place of the baseline of this call."""
    file = session.folder / named if named is not None else None
    return place(session.folder, session.config, file)


def request_for(place: Place, baseline: Baseline, confidence: str | None) -> Request:
    """The scan of a whole repository that reports what is known as well."""
    return Request(
        mode=Mode.TREE,
        folder=place.top,
        minimum=Confidence[confidence.upper()] if confidence else None,
        baselined=False,
        salt=baseline.salt,
    )


def looked(session: Session, request: Request, *, history: bool) -> Looked:
    """Scans the files, and with `history` all commits. Raises UsageError where nothing can be
    scanned, KeyboardInterrupt after Ctrl-C."""
    modes = [Mode.TREE, Mode.HISTORY] if history else [Mode.TREE]
    findings: list[Finding] = []
    skipped: list[Unseen] = []
    for mode in modes:
        with Progress(session) as progress:
            result = look(request._replace(mode=mode), session, progress.show)
        if result.interrupted:
            raise KeyboardInterrupt
        findings += result.findings
        skipped += result.coverage.skipped
    return Looked(findings, skipped)


def tell_skipped(session: Session, skipped: Sequence[Unseen]) -> int:
    """Says what could not be looked at; the exit code."""
    for unseen in skipped:
        session.say(f"not scanned: {printable(unseen.path)}: {printable(unseen.reason)}")
    return ExitCode.USAGE if skipped else ExitCode.OK


def refuse_incomplete(skipped: Sequence[Unseen]) -> None:
    """Raises UsageError where something could not be looked at."""
    if skipped:
        first = f"{printable(skipped[0].path)}: {printable(skipped[0].reason)}"
        raise UsageError(
            f"not everything could be looked at, so nothing is taken out: {first}",
            "make it readable, or name it in scan.exclude",
        )


def row(entry: Entry) -> dict[str, Any]:
    """An entry for JSON."""
    return {**entry._asdict(), "state": entry.state.value}


def as_json(place: Place, told: Mapping[str, Any]) -> str:
    """The report of a verb as JSON."""
    return json.dumps({"schema": 1, "baseline": place.name, **told}, indent=2)


def line(entry: Entry) -> str:
    """An entry in a line."""
    told = f"{entry.fingerprint[:12]}  {entry.rule}  {entry.path}  {entry.told()}"
    return printable(told)


def counted(number: int, noun: str = "finding") -> str:
    """`1 finding`, `2 findings`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
