"""envguard: find credentials, move them into a secrets backend, document and inject them."""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["__version__", "env_values", "load_env"]

if TYPE_CHECKING:
    from envguard.library import env_values, load_env


def __getattr__(name: str) -> object:
    """The public functions, imported when they are first asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'envguard' has no attribute {name!r}")
    from envguard import library  # noqa: PLC0415 - the command line does not need it

    return getattr(library, name)
