"""hook status: which of git's hooks look for credentials in this repository."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from envguard.core.errors import UsageError
from envguard.sources import git as git_door
from envguard.workspace import hooks, managers, precommit


@dataclass(frozen=True, slots=True)
class Status:
    """One hook: whether it looks for credentials, and how, or what to do that it does."""

    hook: str
    guards: bool
    told: str


def status(folder: Path) -> list[Status]:
    """Each hook that can be ours; that of a server where it is there, and where no one works.
    Raises UsageError outside a repository."""
    git = git_door.find(folder, allow_bare=True)
    if git is None:
        raise UsageError(f"{folder} is not in a git repository", "go to the repository")
    top = None if git.bare else git.top
    names = [
        name
        for name in hooks.NAMES
        if name != hooks.SERVER or git.bare or hooks.program(git.hooks, name) is not None
    ]
    return [_status(git.hooks, name, top) for name in names]


def _status(folder: Path, name: str, top: Path | None) -> Status:
    recorded = hooks.program(folder, name)
    if recorded is not None:
        if not os.access(folder / name, os.X_OK):
            return Status(name, False, f"git does not run it: chmod +x {folder / name}")
        if not os.access(recorded, os.X_OK):
            return Status(
                name, True, f"{recorded} is gone, it takes envguard from PATH: {_install(name)}"
            )
        return Status(name, True, f"installed in {folder}")
    managed = managers.manager(folder, name, top)
    if managed == "pre-commit" and top is not None:
        return _of_framework(top / precommit.FILE_NAME, name)
    if managed is not None and top is not None:
        guards = managers.calls_us(managed, name, top)
        return Status(name, guards, f"by {managed}" if guards else managers.entry(managed, name))
    if top is not None and name != hooks.SERVER and (top / precommit.FILE_NAME).is_file():
        return Status(name, False, f"pre-commit install --hook-type {name}")
    return Status(name, False, f"not installed: {_install(name)}")


def _of_framework(file: Path, name: str) -> Status:
    if file.is_file() and precommit.is_there(file.read_bytes()):
        return Status(name, True, "by pre-commit")
    return Status(name, False, _install(name))


def _install(name: str) -> str:
    return "envguard hook install" + (f" --type {name}" if name != hooks.NAMES[0] else "")
