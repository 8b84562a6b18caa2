"""What the embedded store costs with 10,000 secrets, and with a trail of 100,000 lines.

    python benchmarks/store.py [ROUNDS] [SECRETS]

`secrets get` beside `python -c` that only imports AES-GCM, as processes in interleaved rounds: the
median, and the time of the processors, which a busy machine changes less (budget: 30 ms above).
Then `list`, `rotate-key`, `backup`, `restore` and `audit verify` as processes, once each, and eight
processes that write at once: how many writes a second, and how many were lost.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from envguard.core.secret import Secret
from envguard.store import content
from envguard.store.keys import KeySource
from envguard.store.records import encode
from envguard.store.store import Store
from envguard.store.trail import carried

BIN = Path(sys.executable).parent
NAMESPACE = "default"
LINES = 100_000
WRITERS, WRITES = 8, 100
BARE = "from cryptography.hazmat.primitives.ciphers.aead import AESGCM"
WRITER = """
import sys
from pathlib import Path
from envguard.core.secret import Secret
from envguard.store.keys import KeySource
from envguard.store.store import Store
path = Path(sys.argv[1])
with Store.open(path, key=KeySource(Path(f"{path}.key")), namespace="default") as store:
    for number in range(int(sys.argv[3])):
        store.write(f"{sys.argv[2]}_{number}", Secret("value"))
        store.write("SHARED", Secret(sys.argv[2]))
"""


class Cost(NamedTuple):
    """Milliseconds by the clock, and of processors."""

    clock: float
    processor: float


def main(rounds: int, secrets: int) -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "HOME": folder}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "ENVGUARD_KEY"):
            environ.pop(name, None)
        print(f"{secrets} secrets, Python {sys.version.split()[0]}, {os.cpu_count()} processors")
        path = Path(folder) / "store.db"
        _fill(path, secrets)
        _starts(path, rounds, environ)
        _once(path, folder, environ)
        _at_once(path, environ)


def _open(path: Path) -> Store:
    return Store.open(path, key=KeySource(Path(f"{path}.key")), namespace=NAMESPACE, create=True)


def _fill(path: Path, secrets: int) -> None:
    with _open(path) as store:
        store.write_many({f"KEY_{n}": Secret(f"value {n}") for n in range(secrets)})


def _starts(path: Path, rounds: int, environ: dict[str, str]) -> None:
    small = path.with_name("small.db")
    _fill(small, 10)
    get = (str(BIN / "envguard"), "secrets", "get", "KEY_7", "--reveal", "-f")
    cases = {
        "python -c, AES-GCM imported": (sys.executable, "-c", BARE),
        "secrets get": (*get, str(path)),
        "secrets get, of 10 secrets": (*get, str(small)),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, command in cases.items():
            cost = _run(command, environ)
            if number:  # the first one warms the caches
                costs[name].append(cost)
    bare, *_ = costs.values()
    print(f"medians of {rounds} interleaved rounds, milliseconds: clock, processors, least clock")
    for name, found in costs.items():
        clock = statistics.median(cost.clock for cost in found)
        processor = statistics.median(cost.processor for cost in found)
        above = clock - statistics.median(cost.clock for cost in bare)
        least = min(cost.clock for cost in found)
        print(f"{clock:8.1f} {processor:8.1f} {least:8.1f}  {name} ({above:+.1f})")


def _once(path: Path, folder: str, environ: dict[str, str]) -> None:
    _lengthen(path)
    phrase = Path(folder) / "phrase"
    phrase.write_text("correct horse battery staple\n")
    backup = str(Path(folder) / "backup")
    own = ("-f", str(path))
    sealed = (backup, "--passphrase-file", str(phrase))
    print(f"once each, seconds; the trail has {LINES} lines")
    for words in (
        ("secrets", "list", *own),
        ("audit", "verify", *own),
        ("secrets", "rotate-key", *own, "--yes"),
        ("secrets", "backup", *own, *sealed),
        ("secrets", "restore", *own, *sealed, "--yes"),
    ):
        cost = _run((str(BIN / "envguard"), *words), environ)
        print(f"{cost.clock / 1000:8.2f}  {' '.join(words[:2])}")


def _lengthen(path: Path) -> None:
    """Gives the trail its lines."""
    with _open(path) as store, store.whole() as (database, key, row, line):
        keys = content.keys_of(key, row.store)
        held = content.read(database, keys)
        said = encode(line("secret.read", ("KEY_1",), ""))
        kept = carried(keys(""), keys(""), row)
        content.replace(database, kept, held.secrets, [said] * LINES, keys)


def _at_once(path: Path, environ: dict[str, str]) -> None:
    with _open(path) as store:
        before = len(store.list())
        start = time.perf_counter()
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(path), f"W{n}", str(WRITES)], env=environ
            )
            for n in range(WRITERS)
        ]
        assert [writer.wait() for writer in writers] == [0] * WRITERS
        took = time.perf_counter() - start
        written = len(store.list()) - before - 1
        shared = len(store.versions("SHARED"))
        lost = 2 * WRITERS * WRITES - written - shared
    print(
        f"{WRITERS} processes at once: {written + shared} writes, {lost} lost,"
        f" {(written + shared) / took:.0f} a second"
    )


def _run(command: Sequence[str], environ: dict[str, str]) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, env=environ, check=True, capture_output=True)
    clock = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Cost(clock * 1000, processor * 1000)


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    main(*(given + [30, 10_000][len(given) :]))
