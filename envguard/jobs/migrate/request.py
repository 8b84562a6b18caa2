"""What a migration is asked for, and what it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from envguard.core.config import Config
from envguard.core.plan import Plan
from envguard.core.secret import Secret

if TYPE_CHECKING:
    from envguard.envfile.document import EnvDocument


class Conflict(Enum):
    """What to do where the backend holds another value under the same name."""

    FAIL = "fail"
    KEEP = "keep"  # the entry stays in the .env
    OVERWRITE = "overwrite"  # the backend keeps its value as an older version


@dataclass(frozen=True, slots=True)
class Request:
    """Which file goes where. `only`, `exclude` and `everything` choose keys; else the secrets."""

    file: Path
    backend: str
    everything: bool = False
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it is carried out on: the document and the values by line."""

    plan: Plan
    document: EnvDocument
    file: Path
    alias: str | None
    values: Mapping[int, Secret] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a migration did. `files` were written besides the .env; `tracked`: git has the .env;
    `config` is the configuration as it is now."""

    id: str
    moved: int
    linked: int
    files: tuple[Path, ...]
    tracked: bool
    config: Config
