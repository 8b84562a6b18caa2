"""Backends of others: packages that are installed beside envguard, and have an entry point.

The group is `envguard.backends`; the name of an entry point is the scheme of its URLs, and its
value a function `open(url, settings, naming)` that returns a backend. They run code, and so come
from the environment that envguard is installed in alone: nothing in a repository names one.
https://packaging.python.org/en/latest/specifications/entry-points/
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple

from envguard.core.backend import Backend
from envguard.core.config import Settings
from envguard.core.errors import ConfigError
from envguard.core.naming import Naming

GROUP = "envguard.backends"


class Plugged(NamedTuple):
    """One that is installed: the scheme of its URLs, and the package that brings it."""

    scheme: str
    package: str


def plugged() -> list[Plugged]:
    """All that are installed, by scheme."""
    return sorted(Plugged(entry.name, _package(entry)) for entry in entry_points(group=GROUP))


def open_plugged(scheme: str, url: str, settings: Settings, naming: Naming) -> Backend | None:
    """The backend of a URL; None where no package has its scheme. Raises ConfigError where more
    than one has, and where the one cannot be loaded."""
    found = list(entry_points(group=GROUP, name=scheme))
    if not found:
        return None
    packages = sorted({_package(entry) for entry in found})
    if len(packages) > 1:
        raise ConfigError(
            f"the packages {' and '.join(packages)} both bring a backend {scheme}:",
            f"pip uninstall {packages[-1]}",
        )
    try:
        opened = found[0].load()
    except (ImportError, AttributeError, SyntaxError) as error:
        problem = type(error).__name__
    else:
        backend: Backend = opened(url, settings, naming)
        return backend
    raise ConfigError(
        f"the backend {scheme}: of the package {packages[0]} cannot be loaded ({problem})",
        f"pip install --upgrade {packages[0]}",
    )


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value
