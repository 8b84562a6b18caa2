"""What it costs to start a command with 50 values, beside bare Python and the peers, in one run.

    python benchmarks/run.py [ROUNDS]

`envguard run` resolves 50 references into the embedded store; the peers read a .env of the same
values. A peer is measured where it is found: `dotenv` of python-dotenv beside this Python,
`dotenvx` and `direnv` on the PATH. Prints medians in milliseconds of interleaved rounds, and how
they stand to the budgets: 60 ms above bare Python, 1.3 times `dotenv run`, 4 times as fast as
dotenvx.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

BIN = Path(sys.executable).parent
KEYS = 50


def main(rounds: int) -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder) / "shop"
        shop.mkdir()
        environ = _environ(folder)
        cases = _prepare(shop, environ)
        times: dict[str, list[float]] = {name: [] for name in cases}
        for number in range(rounds + 1):
            for name, command in cases.items():
                start = time.perf_counter()
                subprocess.run(command, cwd=shop, env=environ, check=True, capture_output=True)
                if number:  # the first one warms the caches
                    times[name].append((time.perf_counter() - start) * 1000)
    _report({name: statistics.median(measured) for name, measured in times.items()}, rounds)


def _environ(home: str) -> dict[str, str]:
    environ = {**os.environ, "HOME": home, "PATH": f"{BIN}:{os.environ['PATH']}"}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "ENVGUARD_KEY"):
        environ.pop(name, None)
    return environ


def _prepare(shop: Path, environ: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """Makes the project, and returns the commands that are measured."""

    def run(*command: str) -> None:
        subprocess.run(command, cwd=shop, env=environ, check=True, capture_output=True)

    text = "".join(f"KEY_{n}=value-{n}-of-the-sample\n" for n in range(KEYS))
    (shop / "plain.env").write_text(text)
    run("git", "init", "--quiet")
    run("envguard", "init", "--yes", "--no-hook")
    run("envguard", "secrets", "import", "plain.env")
    (shop / ".env").write_text("".join(f"KEY_{n}=secret:KEY_{n}\n" for n in range(KEYS)))
    cases: dict[str, Sequence[str]] = {
        "python -c pass": (str(BIN / "python"), "-c", "pass"),
        "envguard run -- true": (str(BIN / "envguard"), "run", "--", "true"),
    }
    if (BIN / "dotenv").exists():
        cases["dotenv run -- true"] = (
            str(BIN / "dotenv"), "-f", "plain.env", "run", "--", "true",
        )  # fmt: skip
    if dotenvx := shutil.which("dotenvx"):
        cases["dotenvx run -- true"] = (dotenvx, "run", "-q", "-f", "plain.env", "--", "true")
    if direnv := shutil.which("direnv"):
        (shop / "direnv").mkdir()
        (shop / "direnv" / ".envrc").write_text("dotenv ../plain.env\n")
        run(direnv, "allow", "direnv")
        cases["direnv exec DIR true"] = (direnv, "exec", "direnv", "true")
    for command in cases.values():
        run(*command)  # fails here, where it cannot run
    return cases


def _report(medians: Mapping[str, float], rounds: int) -> None:
    own, bare = medians["envguard run -- true"], medians["python -c pass"]
    print(
        f"medians of {rounds} interleaved rounds, milliseconds, {KEYS} values,"
        f" Python {sys.version.split()[0]}, {os.cpu_count()} processors"
    )
    for name, median in sorted(medians.items(), key=lambda item: item[1]):
        print(f"{median:8.1f}  {name}")
    print(f"{own - bare:8.1f}  above bare Python (budget: 60)")
    if peer := medians.get("dotenv run -- true"):
        print(f"{own / peer:8.2f}  times dotenv run (budget: 1.3)")
    if peer := medians.get("dotenvx run -- true"):
        print(f"{peer / own:8.2f}  times as fast as dotenvx (budget: 4)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
