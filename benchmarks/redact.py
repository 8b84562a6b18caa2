"""Masking: megabytes a second, and how long a prompt waits.

    python benchmarks/redact.py

With 50 keys, a private key of 28 lines among them. First the masking alone, on ordinary output
(this repository's own text) in pieces of several sizes; then `envguard run --redact -- cat FILE`
into a pipe, beside `cat FILE`; then the time from a prompt's write, which ends like a value
begins, until a terminal shows it. Medians.
"""

from __future__ import annotations

import os
import re
import secrets
import statistics
import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from envguard.core.secret import Secret
from envguard.launch.redaction import Redactor

BIN = Path(sys.executable).parent
TOP = Path(__file__).parent.parent
SIZE = 64_000_000
ROUNDS = 5
PROMPTS = 20


def value(length: int = 32) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))


def values() -> dict[str, str]:
    keys = {f"KEY_{n}": value() for n in range(49)}
    return {**keys, "PRIVATE_KEY": "\n".join(value(64) for _ in range(28))}


def ordinary(size: int) -> bytes:
    text = b"".join(file.read_bytes() for file in sorted(TOP.glob("envguard/**/*.py")))
    return (text * (size // len(text) + 1))[:size]


def masking(known: dict[str, str], text: bytes) -> None:
    start = time.perf_counter()
    redactor = Redactor((key, Secret(each)) for key, each in known.items())
    print(f"{(time.perf_counter() - start) * 1000:8.1f} ms    to compile the forms")
    for piece in (256, 4096, 65536):
        pieces = [text[at : at + piece] for at in range(0, len(text), piece)]
        times = []
        for _ in range(ROUNDS):
            stream = redactor.stream()
            start = time.perf_counter()
            shown = sum(len(stream.feed(each)) for each in pieces)
            times.append(time.perf_counter() - start)
            assert shown + len(stream.close()) == len(text)
        speed = len(text) / statistics.median(times) / 1e6
        print(f"{speed:8.0f} MB/s  masking alone, in pieces of {piece:,} bytes")


def programs(folder: Path, environ: dict[str, str], text: bytes) -> None:
    (folder / "text").write_bytes(text)
    cases = {
        "cat FILE": ["cat", "text"],
        "envguard run -- cat FILE": [str(BIN / "envguard"), "run", "--", "cat", "text"],
        "envguard run --redact -- cat FILE": [
            str(BIN / "envguard"), "run", "--redact", "--", "cat", "text",
        ],
    }  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, command in cases.items():
            start = time.perf_counter()
            with subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE) as done:
                assert done.stdout is not None
                size = 0
                while piece := done.stdout.read(1 << 16):
                    size += len(piece)
            times[name].append(time.perf_counter() - start)
            assert size == len(text)
    for name, measured in times.items():
        print(f"{len(text) / statistics.median(measured) / 1e6:8.0f} MB/s  {name}, start and all")


def prompts(folder: Path, environ: dict[str, str], begin: str) -> None:
    program = f"import time; print(time.monotonic(), flush=True); input('type {begin}')"
    times = []
    for _ in range(PROMPTS):
        ours, theirs = os.openpty()
        command = [str(BIN / "envguard"), "run", "--redact", "--", sys.executable, "-c", program]
        with subprocess.Popen(
            command, cwd=folder, env=environ, stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True,
        ) as child:  # fmt: skip
            seen = b""
            while f"type {begin}".encode() not in seen:
                seen += os.read(ours, 4096)
            shown = time.monotonic()
            written = re.search(rb"[\d.]+", seen)
            assert written is not None
            times.append((shown - float(written[0])) * 1000)
            os.write(ours, b"\r")
            child.wait()
        os.close(ours)
        os.close(theirs)
    print(f"{statistics.median(times):8.1f} ms    until a prompt shows (slowest {max(times):.1f})")


def main() -> None:
    known = values()
    print(f"Python {sys.version.split()[0]}, {SIZE // 1_000_000} MB, {len(known)} keys")
    masking(known, ordinary(SIZE))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / ".git").mkdir()
        (folder / ".env").write_text("".join(f'{key}="{each}"\n' for key, each in known.items()))
        environ = {**os.environ, "HOME": name}
        programs(folder, environ, ordinary(SIZE))
        prompts(folder, environ, known["KEY_0"][:5])


if __name__ == "__main__":
    main()
