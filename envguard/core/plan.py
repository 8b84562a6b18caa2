"""What a migration will do, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from envguard.core.reference import Reference


class Action(Enum):
    """What happens to one entry."""

    MOVE = "move"  # written to the backend, replaced by a reference
    LINK = "link"  # the backend holds this very value: only replaced by a reference
    KEEP = "keep"  # stays as it is


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the plan. `line` tells equal keys apart; `note` is for the person."""

    key: str
    line: int
    action: Action
    reference: Reference | None
    reason: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A migration of one .env file into one backend; holds no values."""

    id: str
    path: str
    backend: str
    steps: tuple[Step, ...]

    @property
    def moves(self) -> tuple[Step, ...]:
        """The steps that change the file."""
        return tuple(step for step in self.steps if step.action is not Action.KEEP)
