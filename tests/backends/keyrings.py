"""Keyrings for the tests: one in memory, by keyring's own seam."""

from __future__ import annotations

from pathlib import Path

import keyring
import keyring.backend
import keyring.errors

from envguard.backends.keyring import KeyringBackend, open_keyring
from envguard.core.config import Folders, Settings


class InMemory(keyring.backend.KeyringBackend):  # type: ignore[misc] # an extra
    """A keyring that can be locked."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}
        self.locked = False
        self.writes_left = 1_000_000

    def _check(self) -> None:
        if self.locked:
            raise keyring.errors.KeyringLocked("locked, says the keyring")

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        if not self.writes_left:
            raise keyring.errors.PasswordSetError(f"no room for {password}")
        self.writes_left -= 1
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        if self.held.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError


_MADE: dict[Path, InMemory] = {}


def in_memory(folder: Path) -> KeyringBackend:
    """The backend over a keyring in memory, the same one for the same folder."""
    keyring.set_keyring(_MADE.setdefault(folder, InMemory()))
    folders = Folders(folder / "config", folder / "data", folder / "cache")
    return open_keyring("keyring:shop", Settings(folders, None, None, {}))


def held(folder: Path) -> InMemory:
    """The keyring of that folder."""
    return _MADE[folder]
