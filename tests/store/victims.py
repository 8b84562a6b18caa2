"""Writers, readers and `rotate-key` at once in one store, all of them killed at a random moment,
again and again. As a program: `python victims.py FOLDER HOME KILLS`; tells numbers as JSON.

Each victim says what was acknowledged to it through a pipe; after each round all of it must be
there. Forks, which are killed before they end: so it is a process of its own.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from envguard.core.secret import Secret
from envguard.store import rotation
from tests.store.worlds import PHRASE, World, cheap, retired_are_kept

ROUNDS = 20
"""A new store after so many, because rotation takes the longer the more it holds."""

Tell = Callable[[str], None]


def write(world: World, seed: int, tell: Tell) -> None:
    """Writes versions of a shared secret and of its own, in one transaction each."""
    number = 0
    with world.open() as store:
        while True:
            number += 1
            own, value = f"OWN_{seed}", f"{seed} {number}"
            versions = store.write_many({own: Secret(value), "SHARED": Secret(value)})
            tell(f"written {own} {versions[own]} {versions['SHARED']} {value}")
            time.sleep(0.005)  # the others come to their turn


def read(world: World, _: int, tell: Tell) -> None:
    """Reads, and has a line in the trail for it."""
    while True:
        with world.open() as store:
            (value,) = store.read(["SHARED"]).values()
        tell(f"read {value.reveal()}")


def rotate(world: World, _: int, tell: Tell) -> None:
    """Gives the store one key after the other."""
    while True:
        with world.open() as store:
            key = rotation.rotate(store, None, PHRASE)
        tell(f"rotated {key.id}")


def start(victim: Callable[[World, int, Tell], None], world: World, seed: int) -> tuple[int, int]:
    """A victim's process id, and where it tells what was acknowledged."""
    reads, writes = os.pipe()
    process = os.fork()
    if not process:
        _run(victim, world, seed, writes)
    os.close(writes)
    return process, reads


def _run(
    victim: Callable[[World, int, Tell], None], world: World, seed: int, writes: int
) -> NoReturn:
    try:
        victim(world, seed, lambda text: os.write(writes, f"{text}\n".encode()) and None)
    except BaseException as error:  # noqa: BLE001 - the parent is told
        os.write(writes, f"failed {error!r}\n".encode())
    os._exit(1)


def told(pipe: int) -> list[str]:
    """All that a victim has told. It is dead by now."""
    with os.fdopen(pipe, "rb") as file:
        return [line.decode().rstrip("\n") for line in file if line.endswith(b"\n")]


def check(world: World, lines: list[str], seen: Counter[str]) -> None:
    """Everything that must hold after a round; `lines` are all that this store acknowledged."""
    wanted: dict[tuple[str, int | None], Secret] = {}
    for line in lines:
        kind, *rest = line.split(" ", 4)
        assert kind != "failed", line
        if kind == "written":
            own, version, shared, value = rest
            wanted[own, int(version)] = wanted["SHARED", int(shared)] = Secret(value)
    with world.open() as store:
        store.check()
        assert store.fetch(wanted) == wanted
        listed = {found.name: found.version for found in store.list()}
        every = [(name, number) for name, last in listed.items() for number in range(1, last + 1)]
        assert len(store.fetch(every)) == len(every)
        actions = Counter(line.action for _, line, _ in store.trail())
        home = store.home
    counts = Counter(line.partition(" ")[0] for line in lines)
    assert actions["secret.update"] + actions["secret.create"] >= counts["written"]
    assert actions["secret.read"] >= counts["read"]
    assert actions["key.rotate"] >= counts["rotated"]
    assert home != "file" or retired_are_kept(world)
    seen["values"] += len(every)


def main(folder: Path, home: str, kills: int) -> Counter[str]:
    """Kills so many victims; what was acknowledged, in numbers."""
    chance = random.Random(11)  # noqa: S311 - moments to kill at
    seen: Counter[str] = Counter()
    victims = (write, rotate, read, write, rotate)
    while seen["kills"] < kills:
        world = World(folder / str(seen["stores"]))
        seen["stores"] += 1
        with world.open(create=True) as store:
            store.write("SHARED", Secret("0 0"))
            if home != "file":
                rotation.rotate(store, home, PHRASE)
        lines: list[str] = []
        for _ in range(ROUNDS):
            if seen["kills"] >= kills:
                break
            started = [start(victim, world, seen["kills"] + n) for n, victim in enumerate(victims)]
            time.sleep(chance.uniform(0.02, 0.3) * (4 if home == "passphrase" else 1))
            chance.shuffle(started)
            for process, _ in started:
                os.kill(process, signal.SIGKILL)
                time.sleep(chance.uniform(0, 0.01))
            for process, pipe in started:
                os.waitpid(process, 0)
                new = told(pipe)
                lines += new
                seen.update(line.partition(" ")[0] for line in new)
            seen["kills"] += len(started)
            check(world, lines, seen)
    return seen


if __name__ == "__main__":
    with cheap():
        sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
