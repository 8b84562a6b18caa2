"""What the place of a file says: the profile that reads it, and a label for names of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from envguard.core.config import DEFAULT_ENV_FILE, Config, Profile

_EXAMPLES = frozenset("example sample template dist defaults schema vault".split())
"""`.env.NAME` that holds no values of its own: documentation, or an encrypted file."""

_COPIES = frozenset("bak backup old orig save".split())
"""`.env.NAME` that is somebody's copy: no profile is made of it."""

_LOCAL = "local"
# `.env.local` goes over `.env` on one machine: https://nextjs.org/docs/pages/guides/environment-variables
_PROFILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Place(NamedTuple):
    """Which profile reads a file. `layers` are the files that the profile must list so that it
    does; empty where it does already, or where that is for its user to say."""

    profile: Profile
    layers: tuple[str, ...] = ()


def is_example(path: Path) -> bool:
    """Whether a file, by its name, documents others: `.env.example` and its like."""
    return path.name.startswith(".env.") and path.name.rpartition(".")[2] in _EXAMPLES


def place(file: Path, config: Config, profile: Profile, *, fixed: bool) -> Place:
    """The place of a file. `profile` is that of the call; `fixed`: it counts whatever the name.

    A file that a profile lists is that profile's. `.env.NAME` is for the profile NAME, which is
    made where there is none; `.env.local` is a layer over `.env`, `.env.NAME.local` over
    `.env.NAME`. Only files beside the configuration are listed: those of services are named by
    `--env-file`.
    """
    if fixed:
        return Place(profile)
    relative = os.path.relpath(file, config.root.resolve()).replace(os.sep, "/")
    for known in (profile, *config.profiles.values()):
        if relative in known.env_files:
            return Place(known)
    if not file.name.startswith(f"{DEFAULT_ENV_FILE}.") or file.name.endswith((".yml", ".yaml")):
        return Place(profile)
    parts = file.name.removeprefix(f"{DEFAULT_ENV_FILE}.").split(".")
    named = [part for part in parts if part != _LOCAL]
    if len(named) > 1 or any(part in _COPIES or not _PROFILE.fullmatch(part) for part in named):
        return Place(profile)
    base = ".".join((DEFAULT_ENV_FILE, *named))
    new = Profile(named[0], env_files=(), backend=profile.backend) if named else profile
    if "/" in relative:
        return Place(config.profiles.get(new.name, profile))
    own = config.profiles.get(new.name, new)
    layers = dict.fromkeys((*own.env_files, base, relative))
    return Place(own, tuple(layers))


def labels(files: Sequence[tuple[Path, str]], root: Path) -> list[str]:
    """A label for each file and section, such as `WEB` for services/web/.env, `PRODUCTION` for
    .env.production; empty for the file at the top. No two of them are the same: as many folders
    are named as that needs."""
    words = [_words(file, section, root.resolve()) for file, section in files]
    depth = [1] * len(files)
    while True:
        made = [_label(words[i], depth[i]) for i in range(len(files))]
        twice = [
            i for i in range(len(files)) if made.count(made[i]) > 1 and depth[i] < len(words[i][0])
        ]
        if not twice:
            break
        for i in twice:
            depth[i] += 1
    return list(_numbered(made))


def _words(file: Path, section: str, root: Path) -> tuple[list[str], list[str]]:
    """The folders above a file from the top down, and what its own name and section add."""
    *folders, name = Path(os.path.relpath(file, root)).parts
    own = [part for part in name.split(".") if part and part != "env"]
    if file.suffix in (".yml", ".yaml") and section:
        own = []
    return [part for part in folders if part != ".."], [*own, section]


def _label(words: tuple[list[str], list[str]], depth: int) -> str:
    folders, own = words
    text = "_".join(part for part in (*folders[max(len(folders) - depth, 0) :], *own) if part)
    return re.sub(r"[^A-Z0-9]+", "_", text.upper()).strip("_")


def _numbered(made: Iterable[str]) -> Iterable[str]:
    seen: dict[str, int] = {}
    for label in made:
        seen[label] = seen.get(label, 0) + 1
        yield label if seen[label] == 1 else f"{label}_{seen[label]}".strip("_")
