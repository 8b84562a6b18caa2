"""Values for Python programs, wherever they are kept.

from envguard import Secrets

secrets = Secrets()                      # SECRETS_BACKEND, else the profile's backend
password = secrets["DATABASE_PASSWORD"]
debug = secrets.get("DEBUG", "0")
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Lock
from typing import TypeVar, overload

from envguard.backends.registry import open_backend
from envguard.core.backend import Backend
from envguard.core.config import Config, Settings, load
from envguard.core.errors import NotFoundError
from envguard.core.secret import Secret
from envguard.jobs.secrets import values
from envguard.workspace import trust

VARIABLE = "SECRETS_BACKEND"
"""Names the backend: an alias of `[backends]`, a URL, or the scheme alone (`env`, `local`)."""

Default = TypeVar("Default")


class Secrets:
    """The values of one backend, each read once and then remembered, absence as well. A value
    that is empty is a value. Errors of the backend are raised (EnvguardError), and not remembered.
    """

    def __init__(self, backend: str | None = None, *, folder: str | None = None) -> None:
        """Uses `backend` (as in SECRETS_BACKEND), else that variable, else the backend of the
        profile that the configuration in `folder` (the current one) has. Reads nothing yet.

        Raises ConfigError for a name that is no backend, TrustError for a folder whose
        configuration is not trusted.
        """
        settings = Settings.of(os.environ)
        config = load(Path(folder) if folder else Path.cwd())
        name = backend or os.environ.get(VARIABLE)
        self._backend = _opened(name, config, settings)
        self._known: dict[str, Secret | None] = {}
        self._lock = Lock()

    @overload
    def get(self, key: str) -> str | None: ...
    @overload
    def get(self, key: str, default: Default) -> str | Default: ...
    def get(self, key: str, default: object = None) -> object:
        """The value, or `default` where there is none."""
        found = self._read([key])[key]
        return default if found is None else found.reveal()

    def __getitem__(self, key: str) -> str:
        found = self._read([key])[key]
        if found is None:
            raise NotFoundError(f"there is no secret {key}", f"envguard secrets set {key}")
        return found.reveal()

    def __contains__(self, key: str) -> bool:
        return self._read([key])[key] is not None

    def load(self, keys: Iterable[str]) -> Mapping[str, str]:
        """Many at once, in as few calls as the backend allows; those that are there."""
        found = self._read(list(keys))
        return {key: value.reveal() for key, value in found.items() if value is not None}

    def forget(self) -> None:
        """Reads everything again when it is asked for again."""
        with self._lock:
            self._known.clear()

    def __repr__(self) -> str:
        return f"Secrets({type(self._backend).__name__})"

    def _read(self, keys: list[str]) -> Mapping[str, Secret | None]:
        with self._lock:
            missing = [key for key in keys if key not in self._known]
            if missing:
                self._known.update(values.several(self._backend, missing))
            return {key: self._known[key] for key in keys}


def _opened(name: str | None, config: Config, settings: Settings) -> Backend:
    profile = config.profile(settings.profile)
    if name is None or name in config.backends:
        # What the tree names must be trusted (DESIGN section 4); what the caller names need not.
        if config.project_id:
            trust.require(settings.folders, config, profile)
        return open_backend(name or profile.backend, config, settings)
    return open_backend(name if ":" in name else f"{name}:", config, settings)
