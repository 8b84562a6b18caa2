"""What a migration is asked for, what it is carried out on, and what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from envguard.core.config import DEFAULT_DIALECT, Config
from envguard.core.plan import Plan, Step
from envguard.core.secret import Secret

if TYPE_CHECKING:
    from envguard.envfile.origins import Document


class Conflict(Enum):
    """What to do where the backend holds another value under the same name."""

    FAIL = "fail"
    KEEP = "keep"  # the entry stays in the .env
    OVERWRITE = "overwrite"  # the backend keeps its value as an older version


@dataclass(frozen=True, slots=True)
class Equal:
    """One value that several files hold: under these keys, in these places."""

    keys: tuple[str, ...]
    places: tuple[str, ...]


def under_one_key(equal: Equal) -> bool:
    """What counts where nobody is asked: equal values are shared where their key is one, too."""
    return len(equal.keys) == 1


@dataclass(frozen=True, slots=True)
class Answers:
    """What is asked while a plan is made. `conflict` gets each name that holds another value in
    the backend; `share` each value that several files hold; `choose` each entry of a file (its
    path, its step) that could be moved, where not everything is decided (None: as proposed)."""

    conflict: Callable[[str], Conflict]
    share: Callable[[Equal], bool] = under_one_key
    choose: Callable[[str, Step], bool] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What goes where. `only`, `exclude` and `everything` choose keys; else the secrets. With an
    `origin`, a backend, its names are moved, and `files` only follow. `fixed`: the profile was
    named by the caller, and counts for every file. `apart`: where the backend holds another value
    under a file's key, the file gets a name of its own, where it can, and no conflict. `dialect`
    is how .env files are read; None: as the profile of each file says."""

    files: tuple[Path, ...]
    backend: str
    everything: bool = False
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    alias: str | None = None
    origin: str | None = None
    fixed: bool = False
    apart: bool = True
    dialect: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it is carried out on: the documents by path, and the values by the name
    that they have in the backend."""

    plan: Plan
    documents: Mapping[str, Document] = field(repr=False)
    values: Mapping[str, Secret] = field(repr=False)
    remains: tuple[str, ...] = ()
    """What is left to do by hand afterwards, one sentence each."""


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file, read in `dialect`; `tracked`: git has it."""

    path: Path
    moved: int
    linked: int
    tracked: bool
    dialect: str = DEFAULT_DIALECT


Tell = Callable[[FileOutcome], None]
"""Called after each file that is done."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a migration did. `moved` were written to the backend. `written` are files besides the
    migrated ones; `config` is the configuration as it is now; `values` are those that were moved,
    by name."""

    id: str
    moved: int
    files: tuple[FileOutcome, ...]
    written: tuple[Path, ...]
    config: Config
    values: Mapping[str, Secret] = field(repr=False)


def targets(steps: Sequence[Step]) -> dict[str, Step]:
    """The step that decides about each name in the backend: the one that writes it, if any."""
    found: dict[str, Step] = {}
    for step in steps:
        if step.reference is not None:
            found.setdefault(step.reference.name, step)
    return found
