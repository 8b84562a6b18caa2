"""A store with its key on a disk of its own: what is done to it, and what it holds afterwards.

As a program: `python worlds.py ACTION ROOT` does one of ACTIONS, and then makes the file `told`.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from envguard.core.actor import Actor
from envguard.core.backend import About
from envguard.core.errors import BackendError
from envguard.core.secret import Secret
from envguard.store import backup, content, passphrase, restore, rotation
from envguard.store.cipher import unpack
from envguard.store.database import DamagedError, present
from envguard.store.keys import KeySource, RootKey, WrongKeyError, beside
from envguard.store.store import Store

PHRASE = Secret("phrase")
CHEAP = 15
"""log2 of scrypt's N: the least that is accepted, a quarter of the usual one."""
DAMAGE = b"no store any more " * 500
ACTOR = Actor("user:ada", "host:/")


class World:
    """The files below a root: a store in `data`, its key in `config`, a backup."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "data" / "store.db"
        self.key_file = root / "config" / "store.key"
        self.backup = root / "backup"
        self.told = root / "told"

    def key(self) -> KeySource:
        return KeySource(self.key_file, ask=lambda _: PHRASE)

    def open(self, namespace: str = "shop", *, create: bool = False) -> Store:
        return Store.open(
            self.path, key=self.key(), namespace=namespace, create=create, actor=ACTOR
        )

    def files(self) -> list[bytes]:
        return [file.read_bytes() for file in self.path.parent.iterdir()]


class Held(NamedTuple):
    """All that a store says: what it holds, and what its trail says was done."""

    secrets: Mapping[tuple[str, str], object]
    trail: tuple[tuple[str, tuple[str, ...]], ...]


ABSENT = "there is no store"
DAMAGED = "damaged"
LOCKED = "no key opens it"


def held(world: World) -> Held | str:
    """What the store holds, all of it verified, with keys that nobody has asked for before."""
    if not present(world.path):
        return ABSENT
    try:
        store = world.open()
    except DamagedError:
        return DAMAGED
    except WrongKeyError:
        return LOCKED
    with store:
        store.check()
        trail = tuple((line.action, line.names) for _, line, _ in store.trail())
        with store.whole() as (database, key, row, _):
            found = content.read(database, content.keys_of(key, row.store))
    secrets = {
        (kept.namespace, kept.head.name): (
            kept.head._replace(created="", updated=""),
            tuple(unpack(version.content)[1] for version in kept.versions),
        )
        for kept in found.secrets
    }
    return Held(secrets, trail)


def retired_are_kept(world: World) -> bool:
    """Whether every earlier key has a file."""
    with world.open() as store:
        retired = store.retired()
    named = KeySource(world.key_file).find()
    return all(key == named or beside(world.key_file, key.id).exists() for key in retired)


def fill(world: World, home: str = "file") -> None:
    """Makes a store with two namespaces, one key retired, and a backup of it."""
    with world.open("bank", create=True) as store:
        store.write("A", Secret("of the bank"))
    with world.open() as store:
        store.write("A", Secret("1"), about=About(description="text"))
        store.write("A", Secret("2"), about=About(expires_at="2999-01-01T00:00:00Z"))
        store.write("GONE", Secret("3"))
        store.delete("GONE")
        rotation.rotate(store, home, PHRASE)
        backup.save(store, world.backup, PHRASE)
        store.write("B", Secret("after the backup"))


def _create(world: World) -> None:
    with world.open(create=True) as store:
        store.write("A", Secret("first"))


def _write(world: World) -> None:
    with world.open() as store:
        store.write_many({"A": Secret("3"), "NEW": Secret("x" * 5000)})


def _read(world: World) -> None:
    with world.open() as store:
        assert store.read(["A"]) == {"A": Secret("2")}


def _purge(world: World) -> None:
    with world.open() as store:
        store.delete("A", purge=True)


def _rotate(world: World, home: str | None = None) -> None:
    with world.open() as store:
        rotation.rotate(store, home, PHRASE, RootKey(b"k" * 32))


def _forget(world: World) -> None:
    with world.open() as store:
        rotation.forget(store)


def _back_up(world: World) -> None:
    with world.open() as store:
        backup.save(store, world.backup, PHRASE)


def _restore(world: World) -> None:
    restore.restore(world.path, world.key(), backup.load(world.backup, PHRASE), ACTOR)


ACTIONS: Mapping[str, Callable[[World], None]] = {
    "create": _create,
    "write": _write,
    "read": _read,
    "purge": _purge,
    "rotate": _rotate,
    "to a passphrase": lambda world: _rotate(world, "passphrase"),
    "to a file": lambda world: _rotate(world, "file"),
    "forget": _forget,
    "backup": _back_up,
    "restore": _restore,
    "restore a damaged one": _restore,
    "restore a lost one": _restore,
    "restore without its key": _restore,
}


def prepare(world: World, action: str) -> None:
    """Brings a world to where an action begins."""
    with cheap():
        if action != "create":
            fill(world, "passphrase" if action == "to a file" else "file")
    if action == "restore a damaged one":
        world.path.write_bytes(DAMAGE)
    elif action == "restore a lost one":
        world.path.unlink()
    elif action == "restore without its key":
        shutil.rmtree(world.key_file.parent)


def perform(world: World, action: str) -> None:
    """Does it, and says so by a file."""
    ACTIONS[action](world)
    world.told.touch()


@contextlib.contextmanager
def cheap() -> Iterator[None]:
    """Passphrases that cost little."""
    before, passphrase.LOG2_N = passphrase.LOG2_N, CHEAP
    try:
        yield
    finally:
        passphrase.LOG2_N = before


if __name__ == "__main__":
    place = World(Path(sys.argv[2]))
    try:
        with cheap():
            perform(place, sys.argv[1])
    except BackendError as error:
        sys.exit(f"{error.what}: {error.hint}")
