"""What a migration will do, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from envguard.core.config import DEFAULT_DIALECT
from envguard.core.reference import Reference


class Action(Enum):
    """What happens to one entry."""

    MOVE = "move"  # written to the backend, replaced by a reference
    LINK = "link"  # the backend holds this very value by then: only replaced by a reference
    KEEP = "keep"  # stays as it is


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the plan. `line` tells equal keys apart; `kind` is its class, `reason` why, and
    `note` what else a person should know. `held` is the version that the backend has under the
    reference's name now; None: nothing is there."""

    key: str
    line: int
    action: Action
    reference: Reference | None
    reason: str
    note: str = ""
    kind: str = ""
    held: str | None = None


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What happens to one file. `path` is its real path. `profile` reads it; `layers` are the
    files that the profile must list for that, empty where it stays as it is. `alias` is the name
    under which the references mean the backend; None: as the profile's own. `dialect` is how it
    is read."""

    path: str
    profile: str
    alias: str | None
    steps: tuple[Step, ...]
    layers: tuple[str, ...] = ()
    dialect: str = DEFAULT_DIALECT

    @property
    def moves(self) -> tuple[Step, ...]:
        """The steps that change the file."""
        return tuple(step for step in self.steps if step.action is not Action.KEEP)


@dataclass(frozen=True, slots=True)
class Plan:
    """A migration of files into one backend (a URL); holds no values. With an `origin`, another
    backend, its `secrets` are moved, and the files only follow; `profile` is the one whose backend
    it was and that follows as a whole, None where there is none."""

    id: str
    backend: str
    files: tuple[FilePlan, ...]
    origin: str | None = None
    secrets: tuple[Step, ...] = ()
    profile: str | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step, in the order of the plan."""
        return self.secrets + tuple(step for file in self.files for step in file.steps)

    @property
    def moves(self) -> tuple[Step, ...]:
        """The steps that change a file or the backend."""
        return tuple(step for step in self.steps if step.action is not Action.KEEP)
