"""Whether what is asked for may be read: trust, and envguard's own files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from envguard.core.config import Config, Profile, Settings
from envguard.core.errors import ConfigError
from envguard.core.text import printable
from envguard.jobs.environment.request import Request
from envguard.references.resolve import Wanted
from envguard.workspace import trust


def require_trust(
    request: Request,
    config: Config,
    profile: Profile,
    settings: Settings,
    wanted: Sequence[Wanted],
) -> None:
    """Returns where this user trusts the folder with all that is wanted. Raises TrustError."""
    used = [want for want in wanted if want.reference.backend != "literal"]
    named = [config.root / name for name in profile.env_files]
    # A configuration in the tree may name a .env of somebody else.
    if not used and (request.env_files or config.file is None or not outside(named, config.root)):
        return
    targets = [w.folder / w.reference.name for w in used if w.reference.backend == "file"]
    if not request.env_files:
        targets += named
    trust.require(settings.folders, config, profile, targets, request.env_files, request.dialect)


def refuse_own_files(settings: Settings, wanted: Iterable[Wanted]) -> None:
    """Refuses `file:` references to envguard's own keys and stores, trusted or not."""
    own = [settings.folders.config.resolve(), settings.folders.data.resolve()]
    for want in wanted:
        if want.reference.backend != "file":
            continue
        target = (want.folder / want.reference.name).resolve()
        if any(target.is_relative_to(folder) for folder in own):
            raise ConfigError(
                f"{printable(want.key)}: {printable(str(want.reference))} would hand out"
                " envguard's own files",
                "remove it, or write literal:file:… if the text is meant",
            )


def outside(files: Iterable[Path], folder: Path) -> list[Path]:
    """Those of the files that are not in a folder, links followed."""
    top = folder.resolve()
    return [file for file in files if not file.resolve().is_relative_to(top)]
