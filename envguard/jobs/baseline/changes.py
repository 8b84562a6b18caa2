"""What `baseline create`, `update`, `prune` and `import` make of a baseline. Nothing is written
here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from envguard.core.errors import UsageError
from envguard.core.finding import Finding
from envguard.detection.baseline.entries import Baseline, Entry, State, entry_of, joined
from envguard.detection.baseline.gitleaks import IGNORE_FILE
from envguard.detection.baseline.told import Told


class Changed(NamedTuple):
    """The baseline as it is to be, with the entries that are new, that say something else now,
    and that are gone."""

    baseline: Baseline
    added: tuple[Entry, ...] = ()
    changed: tuple[Entry, ...] = ()
    removed: tuple[Entry, ...] = ()


def update(baseline: Baseline, findings: Iterable[Finding], now: str) -> Changed:
    """With an entry for each finding; those that are known keep all but their path, where they
    have moved."""
    places: dict[str, list[Finding]] = {}
    for finding in findings:
        places.setdefault(finding.fingerprint, []).append(finding)
    added, changed = [], []
    for fingerprint, found in places.items():
        first = min(found, key=lambda finding: (finding.in_head is False, finding.path))
        entry = baseline.entries.get(fingerprint)
        if entry is None:
            added.append(entry_of(first, now))
            continue
        past = all(finding.in_head is False for finding in found)
        moved = entry.path not in {finding.path for finding in found}
        fresh = entry._replace(path=first.path if moved else entry.path, is_past=past)
        if fresh != entry:
            changed.append(fresh)
    return Changed(baseline.with_entries([*added, *changed]), tuple(added), tuple(changed))


def prune(
    baseline: Baseline, findings: Iterable[Finding], now: str, *, with_history: bool
) -> Changed:
    """Without the entries that no finding has, and those whose time is over. Of what only the
    history had, nothing can be said but `with_history`."""
    here = {finding.fingerprint for finding in findings}
    removed = [
        entry
        for entry in baseline.entries.values()
        if entry.has_expired(now)
        or (entry.fingerprint not in here and (with_history or not entry.is_past))
    ]
    return Changed(baseline.without(entry.fingerprint for entry in removed), removed=tuple(removed))


def take_in(baseline: Baseline, found: Iterable[tuple[Told, Finding]], now: str) -> Changed:
    """With an entry for each finding that another tool's file tells of. What was decided here
    stays; what was not takes over what was decided there."""
    told = joined(_entry(one, finding, now) for one, finding in found)
    return _with(baseline, told.values())


def merge(baseline: Baseline, other: Baseline, name: str) -> Changed:
    """With the entries of another baseline of ours; `name` is its file's. Raises UsageError where
    their fingerprints cannot be compared."""
    if not baseline.entries:
        return _with(Baseline(other.salt), other.entries.values())
    if other.salt != baseline.salt:
        raise UsageError(
            f"{name} was made with another salt, so its fingerprints name nothing here",
            "envguard baseline update, and then envguard baseline audit",
        )
    return _with(baseline, other.entries.values())


def _with(baseline: Baseline, entries: Iterable[Entry]) -> Changed:
    added, changed = [], []
    for entry in entries:
        known = baseline.entries.get(entry.fingerprint)
        if known is None:
            added.append(entry)
        elif entry.state.is_reviewed and not known.state.is_reviewed:
            changed.append(entry)
    return Changed(baseline.with_entries([*added, *changed]), tuple(added), tuple(changed))


def _entry(told: Told, finding: Finding, now: str) -> Entry:
    # Somebody wrote each line of that file; a report is written by a program.
    is_ignored = told.reason.endswith(IGNORE_FILE)
    state = State.ACCEPTED if is_ignored else told.state
    # What a commit had may be in the tree or not: only a scan of the history can miss it.
    past = told.commit is not None
    return entry_of(finding, now)._replace(state=state, reason=told.reason, is_past=past)


def counts(entries: Sequence[Entry]) -> dict[str, int]:
    """How many there are of each state, in the order of the states; without those of none."""
    found = {state: sum(entry.state is state for entry in entries) for state in State}
    return {state.value: count for state, count in found.items() if count}
