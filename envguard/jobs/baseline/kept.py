"""Where a repository keeps its baseline, and who changes it."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from envguard.core.actor import Actor
from envguard.core.config import Config
from envguard.core.errors import UsageError
from envguard.core.files import write_atomically
from envguard.core.text import printable
from envguard.detection.baseline import file
from envguard.detection.baseline.entries import Baseline
from envguard.detection.baseline.reading import text_of
from envguard.sources import git as git_door
from envguard.sources.git import Git
from envguard.workspace import gitattributes


class Place(NamedTuple):
    """A repository, or a folder outside one, and the file of its baseline."""

    git: Git | None
    top: Path
    file: Path

    @property
    def name(self) -> str:
        """The file as a person types it at the top."""
        inside = self.file.is_relative_to(self.top)
        return self.file.relative_to(self.top).as_posix() if inside else str(self.file)

    @property
    def shown(self) -> str:
        """The name, safe to show: a configuration in the tree may have chosen it."""
        return printable(self.name)


def place(folder: Path, config: Config, named: Path | None) -> Place:
    """Where the baseline of a folder is: in the file that the caller named, else the configured
    one, else at the top."""
    git = git_door.find(folder)
    top = git.top if git is not None and not git.bare else folder.resolve()
    if named is None and not config.scan.baseline:
        return Place(git, top, top / file.FILE_NAME)
    chosen = named or config.root / str(config.scan.baseline)
    real = chosen.parent.resolve() / chosen.name
    inside = (top.resolve(), config.root.resolve())
    if named is None and not any(real.is_relative_to(folder) for folder in inside):
        raise UsageError(  # the configuration may be anybody's
            f"scan.baseline names a file outside {top}: {chosen}",
            f"if that is right: --baseline {shlex.quote(str(config.scan.baseline))}",
        )
    return Place(git, top, real)


def load(place: Place) -> Baseline | None:
    """The baseline; None where there is none. Raises ConfigError."""
    text = text_of(place.file)
    return file.read(text, place.shown) if text is not None else None


def load_present(place: Place) -> Baseline:
    """The same where there must be one. Raises UsageError."""
    found = load(place)
    if found is None:
        raise UsageError(f"there is no baseline {place.shown}", "envguard baseline create")
    return found


def begin(config: Config) -> Baseline:
    """A new one, without entries."""
    return Baseline(config.project_id or secrets.token_hex(16))


def save(place: Place, baseline: Baseline) -> bool:
    """Writes it where it changed, so that branches merge; whether .gitattributes is new."""
    text = file.render(baseline).encode("ascii")
    if not (place.file.is_file() and place.file.read_bytes() == text):
        write_atomically(place.file, text, mode=None if place.file.exists() else 0o644)
    if place.git is None or not place.file.is_relative_to(place.top):
        return False
    line = f"{gitattributes.pattern(place.name)} {file.MERGE}"
    return gitattributes.write(place.top / gitattributes.FILE_NAME, line)


def reviewer(place: Place, environ: Mapping[str, str]) -> str:
    """Who decides: the name that git writes into commits, else the user of the system."""
    if place.git is not None:
        name = place.git.run("config", "--get", "user.name", accept=(0, 1))
        if name.strip():
            return name.decode("utf-8", "replace").strip()
    return environ.get("GIT_AUTHOR_NAME") or Actor.of(environ).name.removeprefix("user:")
