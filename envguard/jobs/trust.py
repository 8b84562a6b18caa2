"""trust: what a folder asks for, and the record of what its user allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from envguard.backends import age
from envguard.backends.agefile import text as age_text
from envguard.core.config import Config, Folders, Profile
from envguard.core.pins import Pins
from envguard.core.reference import parse_reference
from envguard.jobs.environment.written import read_file
from envguard.workspace import trust


class Readers(NamedTuple):
    """Who can open one file for age: those that this user accepted before, those that are new,
    and those that are gone, each as key and label."""

    file: str
    known: tuple[str, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a folder asks for; `owner` is another folder that has the same namespace. `recipients`
    are those of the files for age, with whether they were accepted before."""

    folder: str
    namespace: str
    backends: Mapping[str, str]
    files: tuple[str, ...]
    owner: str | None
    recipients: tuple[Readers, ...] = ()


def claim(
    config: Config,
    profile: Profile,
    folders: Folders,
    env_files: Sequence[Path] = (),
    dialect: str = "python",
    backends: Sequence[str] = (),
) -> Asked:
    """What the folder's configuration and .env files ask for now: `env_files`, else the
    profile's, read in a dialect. `backends` are further ones whose recipients are asked for."""
    wanted = _claim(config, profile, env_files, dialect)
    named = [*wanted.backends.values(), *(config.backend_url(name) for name in backends)]
    return Asked(
        wanted.folder,
        wanted.namespace,
        wanted.backends,
        tuple(sorted(wanted.files)),
        trust.other_owner(folders, wanted),
        tuple(_readers(dict.fromkeys(named), config, Pins(folders.config))),
    )


def record(
    config: Config,
    profile: Profile,
    folders: Folders,
    env_files: Sequence[Path] = (),
    dialect: str = "python",
    readers: Sequence[Readers] = (),
) -> None:
    """Allows all of that for this user; of files for age the recipients that were shown."""
    trust.record(folders, _claim(config, profile, env_files, dialect))
    for shown in readers:
        keys = [recipient.partition(" ")[0] for recipient in (*shown.known, *shown.new)]
        Pins(folders.config).accept(Path(shown.file), keys)


def forget(folder: Path, folders: Folders) -> bool:
    """Takes it back; False where nothing was allowed."""
    Pins(folders.config).forget(folder)
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


def _readers(urls: Iterable[str], config: Config, pins: Pins) -> Iterator[Readers]:
    for url in urls:
        if not url.startswith(age.SCHEME):
            continue
        file = age.file_of(url, config.root)
        if file.is_file():
            held = age_text.parse(file.read_bytes(), file)
            accepted = pins.accepted(file) or frozenset()
            shown = {r.key: f"{r.key} {r.label}".rstrip() for r in held.recipients}
            yield Readers(
                str(file),
                tuple(text for key, text in shown.items() if key in accepted),
                tuple(text for key, text in shown.items() if key not in accepted),
                tuple(sorted(accepted - held.keys)),
            )


def _targets(folder: Path, values: Iterable[str]) -> Iterable[Path]:
    for value in values:
        reference = parse_reference(value)
        if reference is not None and reference.backend == "file":
            yield folder / reference.name
