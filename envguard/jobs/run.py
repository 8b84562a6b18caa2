"""run: .env files and profile give values, references are resolved, the child is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from envguard.core.config import FILE_NAME, Config, Profile, Settings
from envguard.core.errors import EnvguardError
from envguard.core.secret import Secret
from envguard.jobs.environment import values
from envguard.jobs.environment.request import Request

RUN = "run"
"""The action in the trail."""


class Launch(NamedTuple):
    """A command and the environment that it gets; carries plaintext, so it is started, not kept.

    `given` is what of the environment comes from files and profile, `referenced` the keys of it
    whose values come from references. `secret` is what must not be seen, by key: the given
    values as the environment has them, and what the references gave that they are built from.
    `files` are those that all this depends on; they need not exist. `untold` says why the trail
    has no line of this run; mostly empty.
    """

    command: tuple[str, ...]
    environ: Mapping[str, str]
    given: Mapping[str, Secret] = MappingProxyType({})
    referenced: frozenset[str] = frozenset()
    secret: tuple[tuple[str, Secret], ...] = ()
    files: tuple[Path, ...] = ()
    untold: str = ""

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
    # One line of a store's trail says what a run was given.
    found = values.resolve(request, config, profile, settings._replace(purpose=RUN))
    files = request.env_files or tuple(config.root / name for name in profile.env_files)
    secret = [(key, Secret(found.environ[key])) for key in found.given if key in found.environ]
    return Launch(
        command,
        found.environ,
        found.given,
        found.referenced,
        secret=(*secret, *found.read),
        files=(*files, config.file or config.root / FILE_NAME, *found.files),
        untold=_record(found.elsewhere, config, settings) if found.elsewhere else "",
    )


def _record(read: Sequence[tuple[str, str]], config: Config, settings: Settings) -> str:
    """Writes what other backends gave into the trail of this user's own store, where there is
    one; what is in its way, if anything is. The run does not depend on that store."""
    from envguard.backends.local import own_store  # noqa: PLC0415 - for other backends only

    schemes = sorted({f"{scheme}:" for scheme, _ in read})
    names = dict.fromkeys(name for _, name in read)
    try:
        own_store(settings, config.project_id).record(RUN, names, f"from {' '.join(schemes)}")
    except EnvguardError as error:
        return f"{error.what} ({error.hint})"
    return ""
