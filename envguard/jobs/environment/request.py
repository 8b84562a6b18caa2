"""What a caller chooses of the environment that files and profile describe."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Request(NamedTuple):
    """`env_files` empty: the profile's; `only` and `exclude` are keys; without `override` the
    calling environment wins; `clean` leaves it out; `trusted` resolves without asking what is
    trusted (CI); `dialect` is how .env files are read; `allow_expired` takes values past their
    date."""

    env_files: tuple[Path, ...] = ()
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    override: bool = True
    clean: bool = False
    trusted: bool = False
    dialect: str = "python"
    allow_expired: bool = False

    def takes(self, key: str) -> bool:
        """Whether this key is chosen."""
        return (not self.only or key in self.only) and key not in self.exclude
