"""Many processes at once, and processes that are killed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from envguard.core.secret import Secret
from envguard.store.keys import KeySource
from envguard.store.store import Store

WRITER = """
import sys
from pathlib import Path
from envguard.core.secret import Secret
from envguard.store.keys import KeySource
from envguard.store.store import Store
path, key, name, count = Path(sys.argv[1]), KeySource(Path(sys.argv[2])), *sys.argv[3:]
for number in range(int(count)):
    with Store.open(path, key=key, namespace="shop", create=True) as store:
        own = store.write(f"{name}-{number}", Secret(f"value of {name}-{number}"))
        shared = store.write("SHARED", Secret(f"{name} {number}"))
        print(f"{name}-{number} {own} {shared}", flush=True)
"""


def start(path: Path, key: KeySource, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(key.file), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_eight_writers_lose_nothing_and_make_one_store(path: Path, key: KeySource) -> None:
    writers = [start(path, key, f"W{number}", 5) for number in range(8)]
    lines = [line for writer in writers for line in writer.communicate()[0].splitlines()]
    assert [writer.returncode for writer in writers] == [0] * 8
    assert sorted(int(line.split()[2]) for line in lines) == list(range(1, 41))
    with Store.open(path, key=key, namespace="shop") as store:
        names = [line.split()[0] for line in lines]
        assert store.read(names) == {name: Secret(f"value of {name}") for name in names}
        assert len(store.list()) == 41
    assert [file.name for file in path.parent.iterdir()] == ["store.db"]


def test_a_reader_sees_one_moment_while_others_write(
    path: Path, key: KeySource, open_store: Callable[..., Store]
) -> None:
    store = open_store()
    store.write_many({"ONE": Secret("0"), "TWO": Secret("0")})
    source = (
        WRITER.split("for ", maxsplit=1)[0]
        + """
with Store.open(path, key=key, namespace="shop") as store:
    for number in range(int(count)):
        store.write_many({"ONE": Secret(str(number)), "TWO": Secret(str(number))})
"""
    )
    command = [sys.executable, "-c", source, str(path), str(key.file), "writer", "100"]
    seen = set()
    with subprocess.Popen(command) as writer:
        while writer.poll() is None:
            found = store.read(["ONE", "TWO"])
            assert found["ONE"] == found["TWO"]
            seen.add(found["ONE"])
    assert writer.returncode == 0
    assert len(seen) > 1


def test_writers_killed_in_the_middle_lose_nothing_that_was_acknowledged(
    path: Path, key: KeySource
) -> None:
    chance = random.Random(7)  # noqa: S311 - moments to kill at, the same each time
    acknowledged: dict[str, Secret] = {}
    shared = 0
    for number in range(20):
        writer = start(path, key, f"K{number}", 10_000)
        assert writer.stdout is not None
        lines = [writer.stdout.readline()]
        time.sleep(chance.uniform(0, 0.03))
        writer.kill()
        lines += writer.communicate()[0].splitlines()
        for line in lines:
            if len(line.split()) == 3:
                name, _, version = line.split()
                acknowledged[name] = Secret(f"value of {name}")
                shared = max(shared, int(version))
    assert len(acknowledged) >= 20
    with Store.open(path, key=key, namespace="shop") as store:
        assert store.read(acknowledged) == acknowledged
        listed = {found.name: found.version for found in store.list()}
        assert len(store.read(listed)) == len(listed)
        assert listed["SHARED"] >= shared
        versions = [("SHARED", version) for version in range(1, listed["SHARED"] + 1)]
        assert len(store.fetch(versions)) == listed["SHARED"]
