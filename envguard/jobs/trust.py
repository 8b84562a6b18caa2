"""trust: what a folder asks for, and the record of what its user allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from envguard.core.config import Config, Folders, Profile
from envguard.core.reference import parse_reference
from envguard.jobs.environment.written import read_file
from envguard.workspace import trust


@dataclass(frozen=True, slots=True)
class Asked:
    """What a folder asks for; `owner` is another folder that has the same namespace."""

    folder: str
    namespace: str
    backends: Mapping[str, str]
    files: tuple[str, ...]
    owner: str | None


def claim(
    config: Config,
    profile: Profile,
    folders: Folders,
    env_files: Sequence[Path] = (),
    dialect: str = "python",
) -> Asked:
    """What the folder's configuration and .env files ask for now: `env_files`, else the
    profile's, read in a dialect."""
    wanted = _claim(config, profile, env_files, dialect)
    return Asked(
        wanted.folder,
        wanted.namespace,
        wanted.backends,
        tuple(sorted(wanted.files)),
        trust.other_owner(folders, wanted),
    )


def record(
    config: Config,
    profile: Profile,
    folders: Folders,
    env_files: Sequence[Path] = (),
    dialect: str = "python",
) -> None:
    """Allows all of that for this user."""
    trust.record(folders, _claim(config, profile, env_files, dialect))


def forget(folder: Path, folders: Folders) -> bool:
    """Takes it back; False where nothing was allowed."""
    return trust.forget(folders, folder)


def _claim(
    config: Config, profile: Profile, env_files: Sequence[Path], dialect: str
) -> trust.Claim:
    files = env_files or [config.root / name for name in profile.env_files]
    targets = [*_targets(config.root, profile.env.values()), *files]
    for file in files:
        if env_files or file.is_file():
            read = read_file(file, dialect)
            targets += _targets(file.parent, [w.text.reveal() for w in read if w.text is not None])
    return trust.claim(config, profile, targets)


def _targets(folder: Path, values: Iterable[str]) -> Iterable[Path]:
    for value in values:
        reference = parse_reference(value)
        if reference is not None and reference.backend == "file":
            yield folder / reference.name
