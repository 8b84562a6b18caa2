"""Under which name the backend keeps each value: its key, and where that would collide, more.

A key keeps its name where one value has it. Where several files give one key several values, the
value of the file at the top, or the one that most files share, keeps the name; each other one is
named after its file: `WEB_API_KEY`. The same entries give the same names again: what the backend
holds already under one of the names decides first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from envguard.core.envfile import Entry
from envguard.core.secret import Secret
from envguard.jobs.migrate.request import Equal

SHARED_LENGTH = 16
"""Characters from which on equal values under different keys are no accident."""


class Place(NamedTuple):
    """One entry that is to be moved. `where` names its file for people; `key` is its own key, or
    the name that tells it from a later entry of the same key."""

    where: str
    label: str
    line: int
    key: str
    value: Secret

    @property
    def candidates(self) -> tuple[str, ...]:
        """The names that it can have."""
        return (self.key, f"{self.label}_{self.key}") if self.label else (self.key,)


class Named(NamedTuple):
    """The name of one entry, and what a person should know about it. `first`: of those that
    share the name, it is the one that brings the value."""

    name: str
    note: str
    first: bool


class _Group(NamedTuple):
    """Entries that share one secret; `key` is the name that it would like to have."""

    key: str
    value: Secret
    places: tuple[Place, ...]

    @property
    def at_top(self) -> bool:
        return any(not place.label for place in self.places)

    @property
    def derived(self) -> str:
        label = next((place.label for place in self.places if place.label), "")
        return f"{label}_{self.key}" if label else self.key

    def is_apart(self, held: Mapping[str, Secret]) -> bool:
        """Whether the backend has the value under the derived name, and not under the key."""
        return held.get(self.key) != self.value == held.get(self.derived)


def own_keys(entries: Sequence[Entry], moved: Iterable[Entry]) -> dict[int, str]:
    """A key for the entry on each line: its own; an earlier duplicate whose value differs gets
    another, because what it holds must not be lost and must not stay in the file."""
    last = {(entry.section, entry.key): entry for entry in entries}
    taken = {entry.key for entry in entries}
    keys: dict[int, str] = {}
    for entry in moved:
        key = entry.key
        if entry.value != last[entry.section, entry.key].value:
            number = 1
            while (key := f"{entry.key}_DUPLICATE_{number}") in taken:
                number += 1
            taken.add(key)
        keys[entry.line] = key
    return keys


def assign(
    places: Sequence[Place],
    held: Mapping[str, Secret],
    share: Callable[[Equal], bool],
    *,
    apart: bool,
) -> list[Named]:
    """The name of each place, in their order. `held` is what the backend has under the candidates;
    `apart`: a name that holds another value there is left to it, where a label gives another."""
    groups = _groups(places, share)
    names = _names(groups, held, apart=apart)
    found: dict[int, Named] = {}
    index = {id(place): number for number, place in enumerate(places)}
    for group, name in zip(groups, names, strict=True):
        for number, place in enumerate(group.places):
            note = _note(group, place, name, held)
            found[index[id(place)]] = Named(name, note, number == 0)
    return [found[number] for number in range(len(places))]


def _groups(places: Sequence[Place], share: Callable[[Equal], bool]) -> list[_Group]:
    equal: dict[tuple[str, Secret], list[Place]] = {}
    for place in places:
        equal.setdefault((place.key, place.value), []).append(place)
    groups = []
    for (key, value), those in equal.items():
        files = tuple(dict.fromkeys(place.where for place in those))
        if len(files) == 1 or share(Equal((key,), files)):
            groups.append(_Group(key, value, tuple(those)))
            continue
        groups += [
            _Group(key, value, tuple(place for place in those if place.where == file))
            for file in files
        ]
    return _joined(groups, share)


def _joined(groups: Sequence[_Group], share: Callable[[Equal], bool]) -> list[_Group]:
    """The groups, with those joined that hold one value under different keys, where that is
    wanted. Within one file nobody asks: what is apart there has a reason."""
    by_value: dict[Secret, list[_Group]] = {}
    for group in groups:
        by_value.setdefault(group.value, []).append(group)
    joined = []
    for value, those in by_value.items():
        keys = tuple(dict.fromkeys(group.key for group in those))
        places = tuple(place for group in those for place in group.places)
        files = tuple(dict.fromkeys(place.where for place in places))
        is_long = len(value.reveal()) >= SHARED_LENGTH
        if is_long and min(len(keys), len(files)) > 1 and share(Equal(keys, files)):
            joined.append(_Group(keys[0], value, places))
        else:
            joined += those
    return joined


def _names(groups: Sequence[_Group], held: Mapping[str, Secret], *, apart: bool) -> list[str]:
    by_key: dict[str, list[_Group]] = {}
    for group in groups:
        # What was named apart before stays so.
        if group.at_top or not group.is_apart(held):
            by_key.setdefault(group.key, []).append(group)
    plain = {
        id(owner)
        for key, those in by_key.items()
        if (owner := _owner(those, held.get(key), apart=apart)) is not None
    }
    # A derived name must not be what another entry is called.
    taken = {group.key for group in groups}
    names = []
    for group in groups:
        name = group.key
        if id(group) not in plain:
            number, derived = 1, group.derived
            name = derived
            while name in taken:
                number += 1
                name = f"{derived}_{number}"
            taken.add(name)
        names.append(name)
    return names


def _owner(groups: Sequence[_Group], held: Secret | None, *, apart: bool) -> _Group | None:
    """Which of the groups of one key keeps the key as its name; None: no one."""
    top = next((group for group in groups if group.at_top), None)
    if top is not None:
        return top
    same = next((group for group in groups if held is not None and group.value == held), None)
    if same is not None or (held is not None and apart):
        return same
    if len(groups) == 1:
        return groups[0]
    sizes = sorted((len({p.where for p in group.places}) for group in groups), reverse=True)
    if sizes[0] > sizes[1]:
        return max(groups, key=lambda group: len({p.where for p in group.places}))
    return None


def _note(group: _Group, place: Place, name: str, held: Mapping[str, Secret]) -> str:
    others = list(dict.fromkeys(p.where for p in group.places if p.where != place.where))
    notes = []
    if "_DUPLICATE_" in place.key:
        notes.append("an earlier duplicate, kept under its own name")
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        notes.append(f"one secret with {others[0]}{more}")
    if name != group.key:
        why = "the backend" if group.key in held else "another file"
        notes.append(f"{why} has its own {group.key}")
    return "; ".join(notes)
