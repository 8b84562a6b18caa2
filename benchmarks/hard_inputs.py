"""What is hard for a scanner: large, dense, or many. Time and memory, beside the peers.

    python benchmarks/hard_inputs.py [--only NAME]... [--rounds N] [--folder DIR]

Generates each input into a temporary folder (up to 1 GB; in DIR with --folder), scans it with
every scanner found on PATH, and removes it. Prints wall time, processor time and the memory that
was resident at most (of the largest process), medians of the rounds; `stopped` after 120 seconds.
"""

from __future__ import annotations

import argparse
import base64
import os
import random
import resource
import shutil
import statistics
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

LIMIT = 120  # seconds
PEERS = {
    "envguard": ("scan", "{}"),
    "gitleaks": ("dir", "--no-banner", "--max-target-megabytes", "0", "{}"),
    "betterleaks": ("filesystem", "{}"),
    "kingfisher": ("scan", "--no-validate", "--max-file-size", "4096", "{}"),
    "detect-secrets": ("scan", "--all-files", "{}"),
}
MB = 1 << 20


def repeated(unit: bytes, size: int) -> Iterator[bytes]:
    block = unit * (MB // len(unit) + 1)
    for start in range(0, size, len(block)):
        yield block[: size - start]


def one_line() -> Iterator[bytes]:
    return repeated(b"lorem ipsum dolor sit amet, ", 1000 * MB)


def json() -> Iterator[bytes]:
    yield b"["
    yield from repeated(
        b'{"id":123456,"name":"some name","url":"https://example.com/a/b","ok":true},', 100 * MB
    )
    yield b"{}]"


def random_bytes() -> Iterator[bytes]:
    source = random.Random(1)  # noqa: S311
    for _ in range(100):
        yield source.randbytes(MB)


def encoded() -> Iterator[bytes]:
    source = random.Random(2)  # noqa: S311
    for _ in range(100):
        yield base64.b64encode(source.randbytes(3 * MB // 4))


def tokens() -> Iterator[bytes]:
    source = random.Random(3)  # noqa: S311
    alphabet = string.ascii_letters + string.digits
    for _ in range(20 * MB // 52):
        yield f'key = "sk_live_{"".join(source.choices(alphabet, k=32))}"\n'.encode()


def headers() -> Iterator[bytes]:
    # Assembled, so that no scanner takes this file for a key.
    return repeated(b"-----BEGIN " + b"PRIVATE KEY-----\n", 5 * MB)


FILES: dict[str, Callable[[], Iterator[bytes]]] = {
    "1 GB in one line": one_line,
    "100 MB of JSON in one line": json,
    "100 MB of random bytes": random_bytes,
    "100 MB of base64 in one line": encoded,
    "20 MB of dense tokens": tokens,
    "5 MB of private-key headers": headers,
}
MANY = "100,000 files"


def make(name: str, folder: Path) -> None:
    if name == MANY:
        for number in range(100_000):
            if number % 1000 == 0:
                (folder / f"{number // 1000}").mkdir()
            file = folder / f"{number // 1000}" / f"file{number}.py"
            file.write_text(f"value_{number} = {number}\n" * 20)
        return
    with (folder / "input.txt").open("wb") as file:
        for piece in FILES[name]():
            file.write(piece)


def measure(command: list[str]) -> tuple[float, float, float] | None:
    """Wall seconds, processor seconds and resident megabytes; None where it was stopped."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        pid, _, used = os.wait4(child.pid, os.WNOHANG)
        wall = time.perf_counter() - start
        if pid:
            child.returncode = 0
            return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
        if wall > LIMIT:
            child.kill()
            child.wait()
            return None
        time.sleep(0.002)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", action="append", default=[], help="this input (part of its name)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where the inputs are made")
    given = parser.parse_args()
    found = {name: path for name in PEERS if (path := shutil.which(name)) is not None}
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, {given.rounds} rounds")
    for name in (*FILES, MANY):
        if given.only and not any(part in name for part in given.only):
            continue
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            make(name, Path(folder))
            print(f"\n{name}\n{'':16}{'wall s':>8}{'cpu s':>8}{'MB':>8}")
            results: dict[str, list[tuple[float, float, float] | None]] = {}
            for _ in range(given.rounds):
                for scanner, path in found.items():
                    if None in results.get(scanner, []):
                        continue
                    command = [path, *(word.format(folder) for word in PEERS[scanner])]
                    results.setdefault(scanner, []).append(measure(command))
            for scanner, rounds in results.items():
                done = [one for one in rounds if one is not None]
                if len(done) < len(rounds):
                    print(f"{scanner:16} stopped after {LIMIT} s")
                    continue
                wall, cpu, resident = (
                    statistics.median(column) for column in zip(*done, strict=True)
                )
                print(f"{scanner:16}{wall:8.2f}{cpu:8.2f}{resident:8.0f}", flush=True)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
