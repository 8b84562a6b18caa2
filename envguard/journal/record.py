"""How far a migration has come, without values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from envguard.core.config import DEFAULT_DIALECT
from envguard.core.naming import Naming
from envguard.core.plan import Action
from envguard.core.reference import Reference


class State(Enum):
    """What is finished, in the order of a migration."""

    PLANNED = "planned"  # the backups are written
    WRITTEN = "written"  # every value is in the backend and was read back
    REWRITTEN = "rewritten"  # the files hold references, and the configuration says where to
    DONE = "done"  # and the examples are in step
    ROLLED_BACK = "rolled back"


class Standing(Enum):
    """What the file is now, compared with a record."""

    BEFORE = "before"  # as the migration found it
    AFTER = "after"  # as the migration left it: may be put back
    CHANGED = "changed"  # somebody changed it since: must be kept
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """One key of a file that becomes a reference."""

    key: str
    line: int
    action: Action
    reference: Reference


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """One file: its real path, the profile that reads it, the alias of its references (None: they
    mean the profile's backend), the files that the profile must list (none: as it is), and the
    dialect that it is read in."""

    path: Path
    profile: str
    alias: str | None
    layers: tuple[str, ...]
    steps: tuple[RecordedStep, ...]
    before_digest: str
    after_digest: str
    dialect: str = DEFAULT_DIALECT


@dataclass(frozen=True, slots=True)
class RecordedBeside:
    """A file beside the migrated ones that the migration may make or change: configuration,
    .gitignore, .env.example. `backup` is the id of its backup, None where there was no file;
    `after_digest` is what the migration left, None while that is not known."""

    path: Path
    backup: str | None
    after_digest: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedWrite:
    """One name that the migration writes. `held` is the version that was there before, None where
    nothing was; `version` the one that it wrote, None before that is known. `key` is the name in
    the origin, where the value comes from another backend."""

    name: str
    held: str | None
    version: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One migration into `backend` (a URL) under the project id `project`. `root` is the folder
    of the project, `config` its configuration file; `profile` that of the call. `origin` is the
    URL of the backend that the values come from, None where they come from the files; `follows`:
    it was the profile's backend, and the target is that now. `key` is the id of the root key that
    it was written down under, empty in records of the first version. `naming` is how keys are
    called in the backends of these URLs: the configuration may say something else by now."""

    id: str
    backend: str
    root: Path
    config: Path
    project: str
    profile: str
    files: tuple[RecordedFile, ...]
    writes: tuple[RecordedWrite, ...]
    origin: str | None = None
    follows: bool = False
    state: State = State.PLANNED
    besides: tuple[RecordedBeside, ...] = ()
    key: str = ""
    naming: Mapping[str, Naming] = field(default_factory=dict)

    def advanced(self, state: State) -> Record:
        """The record in a later state. Raises ValueError for an earlier one: nothing is undone
        by writing it down."""
        order = tuple(State)
        if order.index(state) < order.index(self.state):
            raise ValueError(f"a migration does not go from {self.state.value} to {state.value}")
        return replace(self, state=state)
