"""Time passes for a secret."""

from __future__ import annotations

from pathlib import Path

from envguard.core.backend import About
from envguard.store.keys import KeySource
from envguard.store.store import Store


def expire(path: Path, name: str, namespace: str = "default", file: Path | None = None) -> None:
    """Lets a secret of the store at `path` expire long ago."""
    key = KeySource(file or path.with_name(f"{path.name}.key"))
    with Store.open(path, key=key, namespace=namespace) as store:
        store.describe(name, About(expires_at="2020-01-01T00:00:00Z"))
