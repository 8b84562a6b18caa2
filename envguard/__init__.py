"""envguard: find credentials, move them into a secrets backend, document and inject them."""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = [
    "EnvguardSettingsSource",
    "Secrets",
    "SecretsService",
    "__version__",
    "env_values",
    "load_env",
]

if TYPE_CHECKING:
    from envguard.library.environment import env_values, load_env
    from envguard.library.pydantic_source import EnvguardSettingsSource
    from envguard.library.service import SecretsService
    from envguard.library.values import Secrets

_MODULES = {
    "EnvguardSettingsSource": "pydantic_source",
    "Secrets": "values",
    "SecretsService": "service",
    "env_values": "environment",
    "load_env": "environment",
}


def __getattr__(name: str) -> object:
    """The public names, imported when they are first asked for (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module 'envguard' has no attribute {name!r}")
    # The command line does not need it.
    from importlib import import_module  # noqa: PLC0415 - the same

    return getattr(import_module(f"envguard.library.{_MODULES[name]}"), name)
