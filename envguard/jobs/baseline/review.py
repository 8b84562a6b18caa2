"""`baseline audit`: the findings that wait for somebody's decision, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from envguard.core.errors import NotFoundError, UsageError
from envguard.core.finding import Finding
from envguard.detection.baseline.entries import Baseline, Entry, State, entry_of


class Waiting(NamedTuple):
    """A value to decide about: the findings that it is, and its entry, if it has one."""

    findings: tuple[Finding, ...]
    entry: Entry | None

    @property
    def fingerprint(self) -> str:
        """Of all of them."""
        return self.findings[0].fingerprint


class Decision(NamedTuple):
    """What somebody says of a value; `until` is a time in core.dates.FORMAT, or empty."""

    state: State
    reason: str
    until: str
    who: str
    at: str


def waiting(
    baseline: Baseline, findings: Iterable[Finding], now: str, chosen: Sequence[str] = ()
) -> list[Waiting]:
    """What is not in the baseline, not reviewed, or whose time is over, in the order of the
    findings; or the values that are `chosen`, by the beginnings of their fingerprints. Raises
    NotFoundError for one that nothing has, UsageError for one that several have."""
    values: dict[str, list[Finding]] = {}
    for finding in findings:
        values.setdefault(finding.fingerprint, []).append(finding)
    if chosen:
        wanted = [_one(begin, values) for begin in chosen]
    else:
        wanted = [
            fingerprint for fingerprint in values if _waits(baseline.entries.get(fingerprint), now)
        ]
    return [Waiting(tuple(values[f]), baseline.entries.get(f)) for f in dict.fromkeys(wanted)]


class Review:
    """A walk through what waits, with the way back. `baseline` is what is decided so far."""

    def __init__(self, baseline: Baseline, queue: Sequence[Waiting]) -> None:
        self.baseline = baseline
        self.queue = queue
        self.place = 0
        """How many are done with."""
        self._before: list[Baseline] = []

    @property
    def current(self) -> Waiting | None:
        """What is to be decided now; None at the end."""
        return self.queue[self.place] if self.place < len(self.queue) else None

    def decide(self, decision: Decision) -> None:
        """Decides about the current one, and goes on."""
        waiting = self.queue[self.place]
        entry = (waiting.entry or entry_of(waiting.findings[0], decision.at))._replace(
            **decision._asdict()
        )
        self._go_on(self.baseline.with_entries([entry]))

    def skip(self) -> None:
        """Goes on."""
        self._go_on(self.baseline)

    def undo(self) -> bool:
        """Back to the one before, as it was; False where there is none."""
        if not self._before:
            return False
        self.baseline = self._before.pop()
        self.place -= 1
        return True

    def _go_on(self, baseline: Baseline) -> None:
        self._before.append(self.baseline)
        self.baseline = baseline
        self.place += 1


def _waits(entry: Entry | None, now: str) -> bool:
    return entry is None or not entry.state.is_reviewed or entry.has_expired(now)


def _one(begin: str, values: Iterable[str]) -> str:
    found = [fingerprint for fingerprint in values if fingerprint.startswith(begin.lower())]
    if not found:
        raise NotFoundError(
            f"no finding has the fingerprint {begin!a}", "envguard scan -f json --no-baseline"
        )
    if len(found) > 1:
        raise UsageError(
            f"several fingerprints begin with {begin!a}",
            f"write more of it: {', '.join(found[:3])}",
        )
    return found[0]
