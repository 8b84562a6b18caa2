"""A user with a key of age, and files that two users share."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.backends.age import AgeBackend, open_age
from envguard.core.config import Folders, Settings
from envguard.core.reference import Reference
from envguard.core.secret import Secret

pytest.importorskip("pyrage")

URL = "age:secrets.age"


class User:
    """Somebody with folders of his own, who works in a tree."""

    def __init__(self, home: Path, tree: Path, key: str | None = None) -> None:
        self.tree = tree
        folders = Folders(home / "config", home / "data", home / "cache")
        self.settings = Settings(folders, None, key, {"USER": home.name})

    @property
    def backend(self) -> AgeBackend:
        """The file, opened anew."""
        return open_age(URL, self.tree, self.settings)

    @property
    def file(self) -> Path:
        return self.tree / "secrets.age"

    @property
    def recipient(self) -> str:
        """The public key; the private one is made where there is none."""
        source = self.backend.kept.identity
        return (source.find() or source.make()).recipients[0]

    def trusts(self) -> None:
        """Accepts the recipients that the file has."""
        held = self.backend.kept.load()
        assert held is not None
        self.backend.kept.pins.accept(self.file, held.keys)

    def set(self, name: str, value: str, token: str = "") -> str:
        backend = self.backend
        token = token or f"{name}={value}"
        return backend.write(backend.locate(name), Secret(value), token=token)

    def get(self, *names: str) -> dict[str, str]:
        backend = self.backend
        found = backend.read([backend.locate(name) for name in names])
        return {ref.name: value.reveal() for ref, value in found.items()}

    def delete(self, name: str) -> bool:
        return self.backend.delete(Reference("secret", name))


def founder(folder: Path) -> User:
    """A user with a key, and an empty file."""
    user = User(folder / "ada", folder / "tree")
    user.tree.mkdir(exist_ok=True)
    if not user.file.exists():
        assert user.recipient
        user.backend.kept.make("ada")
    return user


def colleague(ada: User, name: str = "bob") -> User:
    """A second recipient of the same file, who has accepted it."""
    from envguard.backends.agefile.recipients import add_recipient
    from envguard.backends.agefile.text import Recipient

    bob = User(ada.tree.parent / name, ada.tree)
    add_recipient(ada.backend.kept, Recipient(bob.recipient, name))
    bob.trusts()
    return bob
