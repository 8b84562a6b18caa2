"""run: .env files and profile give values, references are resolved, the child is started."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from envguard.core.config import FILE_NAME, Config, Profile, Settings
from envguard.core.secret import Secret
from envguard.jobs.environment import values
from envguard.jobs.environment.request import Request


class Launch(NamedTuple):
    """A command and the environment that it gets; carries plaintext, so it is started, not kept.

    `given` is what of the environment comes from files and profile, `referenced` the keys of it
    whose values come from references. `secret` is what must not be seen, by key: the given
    values as the environment has them, and what the references gave that they are built from.
    `files` are those that all this depends on; they need not exist.
    """

    command: tuple[str, ...]
    environ: Mapping[str, str]
    given: Mapping[str, Secret] = MappingProxyType({})
    referenced: frozenset[str] = frozenset()
    secret: tuple[tuple[str, Secret], ...] = ()
    files: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        return f"Launch({len(self.environ)} variables)"


def run(
    command: tuple[str, ...],
    request: Request,
    config: Config,
    profile: Profile,
    settings: Settings,
) -> Launch:
    """The command with its whole environment; nothing is started here.

    Raises what the class of the problem is: UsageError, ConfigError, TrustError, BackendError,
    NotFoundError; always before anything has run.
    """
    found = values.resolve(request, config, profile, settings)
    files = request.env_files or tuple(config.root / name for name in profile.env_files)
    secret = [(key, Secret(found.environ[key])) for key in found.given if key in found.environ]
    return Launch(
        command,
        found.environ,
        found.given,
        found.referenced,
        secret=(*secret, *found.read),
        files=(*files, config.file or config.root / FILE_NAME, *found.files),
    )
