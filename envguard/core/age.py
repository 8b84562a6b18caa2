"""The door to age (https://age-encryption.org/v1): what its keys look like, and its library."""

from __future__ import annotations

from typing import Any

from envguard.core.errors import BackendError

IDENTITY = "AGE-SECRET-KEY-1"
"""How a private key begins (Bech32, in capitals)."""


def library() -> Any:
    """The package pyrage, an extra. Raises BackendError where it is not installed."""
    try:
        import pyrage  # noqa: PLC0415 - an extra
    except ImportError:
        raise BackendError(
            "age keys need a package that is not installed", "pip install 'envguard-cli[age]'"
        ) from None
    return pyrage
