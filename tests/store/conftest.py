"""A store of the test's own, and ways to look into its file behind its back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from envguard.store.keys import KeySource
from envguard.store.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test's store is, or will be."""
    return tmp_path / "data" / "store.db"


@pytest.fixture
def key(tmp_path: Path) -> KeySource:
    """Where its key is, or will be."""
    return KeySource(tmp_path / "config" / "store.key")


@pytest.fixture
def open_store(path: Path, key: KeySource) -> Iterator[Callable[..., Store]]:
    """Opens the test's store, making it where needed: `open_store("namespace")`."""
    opened: list[Store] = []

    def open_it(namespace: str = "shop") -> Store:
        opened.append(Store.open(path, key=key, namespace=namespace, create=True))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def tamper(path: Path) -> Callable[[str], None]:
    """Runs SQL in the file, as somebody without the key can."""

    def run(script: str) -> None:
        connection = sqlite3.connect(path)
        connection.executescript(script)
        connection.commit()
        connection.close()

    return run
