"""What the backend holds under the names that a plan thinks of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from envguard.core.backend import Backend, Versions
from envguard.core.errors import BackendError, NameNotAllowed, UsageError
from envguard.core.plan import Action, Step
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.jobs.migrate.request import Answers, Conflict

SOME_VERSION = ""
"""Stands for the version of a backend that has no versions: something is there."""


def current(backend: Backend, refs: Sequence[Reference]) -> dict[Reference, str]:
    """The version in force of each reference that is there, see SOME_VERSION."""
    if isinstance(backend, Versions):
        return dict(backend.current(refs))
    return dict.fromkeys(backend.read(refs), SOME_VERSION)


class Held:
    """What is known of a backend, by name: `values`, their `versions`, and why a name is refused.
    Each name is asked for once."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._located: dict[str, Reference] = {}
        self._refused: dict[str, str] = {}
        self.values: dict[str, Secret] = {}
        self.versions: dict[str, str] = {}
        self._answers: dict[str, Conflict] = {}

    def look_up(self, names: Iterable[str]) -> None:
        """Asks for the names that were not asked for yet, all in one call."""
        new: dict[str, Reference] = {}
        for name in names:
            if name in self._located or name in self._refused:
                continue
            try:
                new[name] = self._located[name] = self._backend.locate(name)
            except NameNotAllowed as error:
                self._refused[name] = error.what
        if not new:
            return
        refs = list(dict.fromkeys(new.values()))
        # The versions first: what is written in between makes the plan too old, not wrong.
        versions = current(self._backend, refs)
        there = [ref for ref in refs if ref in versions]
        values = self._backend.read(there) if there else {}
        for name, ref in new.items():
            if ref in values:
                self.values[name] = values[ref]
                self.versions[name] = versions.get(ref, SOME_VERSION)

    def refused(self, names: Collection[str]) -> str | None:
        """Why one of the names cannot be one there."""
        return next((self._refused[name] for name in names if name in self._refused), None)

    def check_apart(self, names: Iterable[str]) -> None:
        """Raises UsageError where two names are one place in the backend."""
        seen: dict[Reference, str] = {}
        for name in names:
            other = seen.setdefault(self._located[name], name)
            if other != name:
                raise UsageError(
                    f"{printable(other)} and {printable(name)} are one name in this backend",
                    f"leave one out: --exclude {printable(name)}",
                )

    def compared(self, step: Step, value: Secret, answers: Answers) -> Step:
        """The step that moves a value to its reference, now that it is known what is there.
        Raises BackendError for a conflict that is not to be settled."""
        if step.reference is None:
            raise ValueError(f"{step.key} has no reference")
        name = step.reference.name
        there = self.values.get(name)
        if there is None:
            return replace(step, action=Action.MOVE)
        if there == value:
            note = "; ".join(n for n in (step.note, "the backend holds this value already") if n)
            return replace(step, action=Action.LINK, note=note)
        if name not in self._answers:
            self._answers[name] = answers.conflict(name)
        answer = self._answers[name]
        if answer is Conflict.OVERWRITE:
            note = "overwrites another value (an older version) for whatever else refers to it"
            return replace(step, action=Action.MOVE, note=note)
        if answer is Conflict.KEEP:
            note = "the backend holds another value: stays in the file"
            return replace(step, action=Action.KEEP, reference=None, held=None, note=note)
        raise BackendError(
            f"the backend holds another value for {printable(name)}",
            "choose: --on-conflict overwrite (it keeps the old version), or keep, or --exclude",
        )


def changed(planned: Mapping[str, str | None], found: Mapping[str, str]) -> list[str]:
    """What differs between the versions of a plan and those found, one phrase a name."""
    phrases = []
    for name, before in planned.items():
        now = found.get(name)
        if before == now:
            continue
        if before is None:
            phrases.append(f"the backend has {printable(name)} now")
        elif now is None:
            phrases.append(f"the backend has no {printable(name)} any more")
        else:
            phrases.append(
                f"the backend has version {now} of {printable(name)}, and not {before} any more"
            )
    return phrases
