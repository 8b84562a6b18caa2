"""Where secrets are: the profile's backend, one that is named, or a store file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from envguard.backends.local import LocalBackend
from envguard.backends.registry import open_backend
from envguard.core.backend import Backend
from envguard.core.config import Config, Profile, Settings
from envguard.core.errors import UsageError
from envguard.workspace import trust


class Place(NamedTuple):
    """A store file, a backend's URL or alias, or (neither) the profile's backend."""

    store: Path | None = None
    backend: str | None = None


def opened(place: Place, config: Config, profile: Profile, settings: Settings) -> Backend:
    """The backend of a place. One that the tree names must be trusted (DESIGN section 4)."""
    if place.store is not None and place.backend is not None:
        raise UsageError("a store file and a backend are two places", "use --store or --backend")
    if place.store is not None:
        outside = Config(root=config.root)  # a named store has nothing to do with the project
        return open_backend(f"local://{place.store.absolute()}", outside, settings)
    if config.project_id:
        trust.require(settings.folders, config, profile)
    return open_backend(place.backend or profile.backend, config, settings)


def store_of(backend: Backend) -> LocalBackend:
    """The embedded store that a backend is. Raises UsageError for any other."""
    if not isinstance(backend, LocalBackend):
        raise UsageError(
            "that is for the embedded store, and this backend is none",
            "use --store FILE, or --backend local:",
        )
    return backend
