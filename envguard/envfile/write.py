"""A new .env file from values."""

from __future__ import annotations

from collections.abc import Mapping

from envguard.envfile.quote import can_be_spelled, quote


def render(values: Mapping[str, str]) -> bytes:
    """A file in which python-dotenv reads these values, interpolating. Raises ValueError for a
    value that can_be_spelled refuses."""
    return "".join(f"{key}={quote(text, protect=True)}\n" for key, text in values.items()).encode()


def not_writable(values: Mapping[str, str]) -> list[str]:
    """The keys whose values no .env file can hold."""
    return [key for key, text in values.items() if not can_be_spelled(text)]
