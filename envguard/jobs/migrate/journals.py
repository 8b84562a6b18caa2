"""Where migrations are written down, and under which key."""

from __future__ import annotations

from pathlib import Path

from envguard.backends.local import LocalBackend
from envguard.backends.registry import open_backend
from envguard.core.config import Config, Settings
from envguard.core.errors import ConfigError
from envguard.journal.backup import Backups
from envguard.journal.record import Records

# The key belongs to a store, not to one of its namespaces: any namespace names it.
_ANY_NAMESPACE = "journal"


def folder(settings: Settings) -> Path:
    """The folder of this user's journal."""
    return settings.folders.data / "journal"


def journal(url: str, settings: Settings, *, create: bool = False) -> tuple[Backups, Records]:
    """The journal of this user under the root key of the store that a migration goes into.

    With `create` the store and its key are made where there are none. Raises ConfigError where
    the target has no such key, BackendError where the key is missing or wrong.
    """
    outside = Config(root=Path(), project_id=_ANY_NAMESPACE)
    backend = open_backend(url, outside, settings)
    if not isinstance(backend, LocalBackend):
        raise ConfigError(
            f"there is no key for the backup that a migration to {url} needs",
            "envguard migrate FILE --to local:",
        )
    key = backend.root_key(create=create).reveal()
    return Backups(folder(settings), key), Records(folder(settings), key)
