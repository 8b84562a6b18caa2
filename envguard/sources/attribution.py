"""Who brought what into the history, and who took it out: pure, from commits and their blobs."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from envguard.sources.changes import Change, CommitChanges

K = TypeVar("K", bound=Hashable)


class Event(NamedTuple):
    """One commit that introduced or removed something in one path.

    `change` is `introduced` or `removed`; `blob` is the content that holds it: the new one where
    it was introduced, the old one where it was removed.
    """

    change: str
    commit: str
    author: str
    date: str
    path: str
    blob: str


def attribute(
    commits: Iterable[CommitChanges], holds: Mapping[str, frozenset[K]]
) -> dict[K, list[Event]]:
    """Each key with its events, oldest first.

    `commits` come newest first, as `history.trace` and `ranges.changes` give them. `holds` says
    which keys a blob contains; a blob that it does not name contains none. A key is introduced
    where the new blob has it and none of the old ones, and removed where one of the old blobs
    has it and the new one does not. A moved file without rename detection is both.
    """
    found: dict[K, list[Event]] = {}
    for commit in commits:
        for change in reversed(commit.changes):
            for key, event in _events(commit, change, holds):
                found.setdefault(key, []).append(event)
    for events in found.values():
        events.reverse()
    return found


def _events(
    commit: CommitChanges, change: Change, holds: Mapping[str, frozenset[K]]
) -> Iterable[tuple[K, Event]]:
    none: frozenset[K] = frozenset()
    new = holds.get(change.new, none) if change.new is not None else none
    old = {key: blob for blob in reversed(change.old) for key in holds.get(blob, none)}
    about = (commit.commit, commit.author, commit.date, change.path)
    if change.new is not None:
        for key in new - old.keys():
            yield key, Event("introduced", *about, change.new)
    for key in old.keys() - new:
        yield key, Event("removed", *about, old[key])
