"""`envguard baseline create|update|prune|import`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envguard.cli.baseline_looked import (
    as_json,
    counted,
    line,
    looked,
    place_of,
    refuse_incomplete,
    request_for,
    row,
    tell_skipped,
)
from envguard.cli.progress import Progress
from envguard.cli.session import Session
from envguard.core import dates
from envguard.core.errors import ExitCode, UsageError
from envguard.core.text import printable
from envguard.detection.baseline import gitleaks, reading
from envguard.detection.baseline.entries import Baseline, State
from envguard.detection.baseline.told import Told
from envguard.detection.secrets_baseline import FILE_NAME as SECRETS_BASELINE
from envguard.jobs.baseline import changes, kept
from envguard.jobs.baseline.changes import Changed
from envguard.jobs.baseline.kept import Place

if TYPE_CHECKING:
    from envguard.cli.baseline import CreateOptions, ImportOptions, PruneOptions


def create(session: Session, options: CreateOptions) -> int:
    """A baseline where there is none."""
    place = place_of(session, options.baseline)
    if place.file.exists():
        raise UsageError(f"there is a baseline already: {place.file}", "envguard baseline update")
    return _updated(session, options, place, kept.begin(session.config))


def update(session: Session, options: CreateOptions) -> int:
    """The baseline with what came since."""
    place = place_of(session, options.baseline)
    return _updated(session, options, place, kept.load_present(place))


def prune(session: Session, options: PruneOptions) -> int:
    """The baseline without what is of no use."""
    place = place_of(session, options.baseline)
    baseline = kept.load_present(place)
    # What is there counts, however sure a scan must be to report it.
    request = request_for(place, baseline, "low")
    seen = looked(session, request, history=options.history)
    refuse_incomplete(seen.skipped)
    done = changes.prune(baseline, seen.findings, dates.now(), with_history=options.history)
    if done.removed:
        save(session, place, done.baseline)
    if options.format == "json":
        print(as_json(place, {"removed": [row(entry) for entry in done.removed]}))
        return ExitCode.OK
    for entry in done.removed:
        print(line(entry))
    left = len(done.baseline.entries)
    print(f"{place.shown}: {len(done.removed):,} taken out, {left:,} left")
    return ExitCode.OK


def take_in(session: Session, options: ImportOptions) -> int:
    """The baseline with what other tools knew."""
    place = place_of(session, options.baseline)
    before = kept.load(place)
    baseline = before or kept.begin(session.config)
    report: list[dict[str, object]] = []
    for file in _files(session, place, options.files):
        read = reading.read(_text(file), str(file))
        if isinstance(read, Baseline):
            done, others = changes.merge(baseline, read, str(file)), 0
        else:
            done, others = _translated(session, place, baseline, read)
        baseline = done.baseline
        report.append(
            {
                "file": str(file),
                "added": [row(entry) for entry in done.added],
                "changed": [row(entry) for entry in done.changed],
                "no_findings": others,
            }
        )
        if options.format == "text":
            _tell_taken(file, done, others)
    save(session, place, baseline)
    if options.format == "json":
        print(as_json(place, {"imported": report}))
    else:
        _tell_next(session, place, baseline, before)
    return ExitCode.OK


def _tell_taken(file: Path, done: Changed, others: int) -> None:
    states = changes.counts(done.added).items()
    told = ", ".join(f"{count:,} {state}" for state, count in states) or "none new"
    print(f"{printable(str(file))}: {counted(len(done.added))} taken in ({told})")
    if done.changed:
        print(f"  {counted(len(done.changed))} decided as there")
    if others:
        print(f"  {counted(others)} there that envguard does not have: nothing to know")


def save(session: Session, place: Place, baseline: Baseline) -> None:
    """Writes it, and says what else was written."""
    if kept.save(place, baseline):
        session.say(".gitattributes: a line for it, so that branches merge")


def _updated(session: Session, options: CreateOptions, place: Place, baseline: Baseline) -> int:
    request = request_for(place, baseline, options.min_confidence)
    seen = looked(session, request, history=options.history)
    done = changes.update(baseline, seen.findings, dates.now())
    before = kept.load(place)
    save(session, place, done.baseline)
    if options.format == "json":
        added, changed = ([row(entry) for entry in found] for found in (done.added, done.changed))
        print(as_json(place, {"added": added, "changed": changed}))
    else:
        moved = f", {len(done.changed):,} moved" if done.changed else ""
        whole = len(done.baseline.entries)
        print(f"{place.shown}: {counted(len(done.added))} taken in{moved}, {whole:,} in all")
        _tell_next(session, place, done.baseline, before)
    return tell_skipped(session, seen.skipped)


def _tell_next(session: Session, place: Place, baseline: Baseline, before: Baseline | None) -> None:
    waits = [e for e in baseline.entries.values() if e.state is State.UNREVIEWED]
    if waits:
        session.say(f"{len(waits):,} not reviewed: envguard baseline audit")
    if baseline != before and place.git is not None and place.file.is_relative_to(place.top):
        session.say(f"next: git add {shlex.quote(place.shown)} .gitattributes, and commit them")


def _translated(
    session: Session, place: Place, baseline: Baseline, told: Sequence[Told]
) -> tuple[Changed, int]:
    from envguard.jobs.scan.translated import translate

    request = request_for(place, baseline, None)
    with Progress(session) as progress:
        found = translate(told, request, session.config, session.settings.folders, progress.show)
    pairs = [(same.told, same.finding) for same in found.found]
    return changes.take_in(baseline, pairs, dates.now()), found.others


def _files(session: Session, place: Place, named: Sequence[str]) -> list[Path]:
    if named:
        return [session.folder / name for name in named]
    usual = (SECRETS_BASELINE, gitleaks.IGNORE_FILE)
    found = [place.top / name for name in usual if (place.top / name).is_file()]
    if not found:
        raise UsageError(
            f"there is neither {usual[0]} nor {usual[1]} in {place.top}",
            "name a file: envguard baseline import report.json",
        )
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{file} cannot be read: {reason}", f"ls -l {file}") from None
