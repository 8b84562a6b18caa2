"""A baseline: the findings that somebody knows of, each by its fingerprint, and what was decided.

An entry is about a value, wherever it stands: it survives moves, reformatting, rebases and
squashes, and says nothing about another value in the same line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from envguard.core.finding import Finding


class State(Enum):
    """What was decided about a finding."""

    UNREVIEWED = "unreviewed"
    ACCEPTED = "accepted"
    FALSE_POSITIVE = "false-positive"
    ROTATE = "rotate"

    @property
    def is_reviewed(self) -> bool:
        """Whether somebody has looked at it."""
        return self is not State.UNREVIEWED


# Where two branches decided at the same second, the one that asks for more counts.
_STRICTNESS = (State.UNREVIEWED, State.ACCEPTED, State.FALSE_POSITIVE, State.ROTATE)


class Entry(NamedTuple):
    """What is known of one value. `rule` and `path` are where it was when it was taken in; `at`
    and `until` are times in core.dates.FORMAT, `until` is empty where it has no end. `is_past`:
    only the history had it."""

    fingerprint: str
    state: State = State.UNREVIEWED
    rule: str = ""
    path: str = ""
    reason: str = ""
    who: str = ""
    at: str = ""
    until: str = ""
    is_past: bool = False

    def has_expired(self, now: str) -> bool:
        """Whether it no longer counts at a time in core.dates.FORMAT."""
        return bool(self.until) and self.until <= now

    def told(self) -> str:
        """State, who, until when and why, in a line."""
        who = f" by {self.who}" if self.who else ""
        until = f" until {self.until[:10]}" if self.until else ""
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.state.value}{who}{until}{reason}"


class Baseline(NamedTuple):
    """Entries by their fingerprints, which are made with `salt`."""

    salt: str = ""
    entries: Mapping[str, Entry] = MappingProxyType({})

    def with_entries(self, entries: Iterable[Entry]) -> Baseline:
        """The same with these, in the place of those of the same fingerprints."""
        changed = {entry.fingerprint: entry for entry in entries}
        return self._replace(entries={**self.entries, **changed})

    def without(self, fingerprints: Iterable[str]) -> Baseline:
        """The same without these."""
        gone = set(fingerprints)
        return self._replace(entries={f: e for f, e in self.entries.items() if f not in gone})


def entry_of(finding: Finding, at: str) -> Entry:
    """What is known of a finding at first: where it is."""
    return Entry(
        finding.fingerprint,
        rule=finding.rule,
        path=finding.path,
        at=at,
        is_past=finding.in_head is False,
    )


def joined(entries: Iterable[Entry]) -> dict[str, Entry]:
    """One entry for each fingerprint, sorted. Where two branches both wrote one, what was decided
    counts before what was not, then the later decision, then the one that asks for more."""
    found: dict[str, Entry] = {}
    for entry in entries:
        other = found.get(entry.fingerprint)
        if other is None or _weight(entry) > _weight(other):
            found[entry.fingerprint] = entry
    return dict(sorted(found.items()))


def _weight(entry: Entry) -> tuple[object, ...]:
    state = entry.state
    # All of it, so that the order in which branches are merged does not matter.
    return (
        *(state.is_reviewed, entry.at, _STRICTNESS.index(state), entry.until, entry.reason),
        *(entry.who, entry.rule, entry.path, entry.is_past),
    )
