"""What stands in .env files and in the profile, before any reference is resolved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envguard.core.config import Config, Profile
from envguard.core.envfile import Entry
from envguard.core.errors import UsageError
from envguard.core.reference import PROFILE_BACKEND, Reference, parse_reference
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.envfile import document
from envguard.envfile.interpolate import Piece, names, pieces
from envguard.jobs.environment.request import Request
from envguard.references import inline

if TYPE_CHECKING:
    from envguard.envfile.origins import Document

FILE, PROFILE = "file", "profile"
_YAML = (".yml", ".yaml", ".json")


class Written(NamedTuple):
    """One value as it is written. `text` is None for a key without a value; `folder` is what
    `file:` is relative to; `origin` is `FILE:LINE`, or names the profile; `layer` is FILE or
    PROFILE; `cut` are its pieces where the dialect of the file says what they are."""

    key: str
    text: Secret | None
    folder: Path
    origin: str
    layer: str
    cut: tuple[Piece, ...] | None = None

    def __repr__(self) -> str:
        return f"Written({self.key!r}, {self.origin!r})"

    def pieces(self) -> tuple[Piece, ...]:
        """Its pieces: texts and variables. Not for a key without a value."""
        if self.cut is not None:
            return self.cut
        return () if self.text is None else pieces(self.text.reveal())

    def reference(self, config: Config, profile: Profile) -> Reference | None:
        """The reference that it is as a whole."""
        reference = None
        if self.text is not None:
            reference = parse_reference(self.text.reveal(), config.backends)
        if reference is None or reference.backend == "literal":
            return reference
        return reference if _allowed(reference.backend, profile) else None

    def refers(self, scheme: str, config: Config, profile: Profile) -> bool:
        """Whether a scheme is that of a backend, and read as a reference here."""
        return (scheme == PROFILE_BACKEND or scheme in config.backends) and _allowed(
            scheme, profile
        )

    def inside(self, profile: Profile) -> list[Reference]:
        """The references of `{{secrets.NAME}}` inside it, where it is none itself."""
        if self.text is None or not _allowed(PROFILE_BACKEND, profile):
            return []
        return inline.find(self.text.reveal())


def read(request: Request, config: Config, profile: Profile) -> list[Written]:
    """Everything that files and profile say, later ones over earlier ones. Raises UsageError."""
    files = request.env_files or tuple(config.root / name for name in profile.env_files)
    present = [file for file in files if request.env_files or file.exists()]
    if not present and not profile.env:
        raise UsageError(
            f"there is no {', '.join(str(file) for file in files)}",
            "create it (cp .env.example .env), or name one with --env-file FILE",
        )
    found = [item for file in present for item in read_file(file, request.dialect)]
    where = config.file.name if config.file else "the configuration"
    for key, value in profile.env.items():
        origin = f"{where} [profiles.{profile.sources.get(key, profile.name)}.env]"
        found.append(Written(key, Secret(value), config.root, origin, PROFILE))
    return found


def read_file(file: Path, dialect: str) -> Iterator[Written]:
    """What one file says: a .env in its dialect, or a YAML file with an `environment:` map."""
    if file.suffix.lower() in _YAML:
        from envguard.envfile.origins import read_variables  # noqa: PLC0415 - loads a library

        entries = _clean(read_variables(file))
    elif dialect == "python":
        entries = _clean(document.read(file))
    else:
        yield from _in_dialect(file, dialect)
        return
    for entry in entries:
        yield Written(entry.key, entry.value, file.parent, f"{file}:{entry.line}", FILE)


def _in_dialect(file: Path, dialect: str) -> Iterator[Written]:
    from envguard.envfile.dialects import registry  # noqa: PLC0415 - nobody else needs it

    for line in registry.read(document.read_bytes(file), str(file), dialect):
        origin = f"{file}:{line.line}"
        yield Written(line.key, line.text, file.parent, origin, FILE, line.pieces)


def _clean(read: Document) -> tuple[Entry, ...]:
    read.require_clean()
    return read.entries


def choose(request: Request, everything: Sequence[Written]) -> set[str]:
    """The keys that are chosen. Raises UsageError for one that is not there."""
    keys = {item.key for item in everything}
    for name in (*request.only, *request.exclude):
        if name not in keys:
            raise UsageError(
                f"there is no key {printable(name)} to choose", "check --only and --exclude"
            )
    return {key for key in keys if request.takes(key)}


def needed(everything: Sequence[Written], chosen: set[str]) -> list[Written]:
    """What stands for the chosen keys, and for those that their values are built from."""
    found, open_keys = set(chosen), set(chosen)
    while open_keys:
        used = {name for item in everything if item.key in open_keys for name in _names(item)}
        open_keys = used - found
        found |= used
    return [item for item in everything if item.key in found]


def _allowed(scheme: str, profile: Profile) -> bool:
    return profile.references is None or scheme in profile.references


def _names(item: Written) -> tuple[str, ...]:
    return names(item.pieces())
