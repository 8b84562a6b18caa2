"""What the commands that start forty times a day cost, beside bare Python, in one run.

    python benchmarks/start_up.py [ROUNDS]

Makes a sample project in a temporary folder with a home of its own: a .env of 50 references into
the embedded store, and one staged file. Prints medians in milliseconds of interleaved rounds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(sys.executable).parent


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder) / "shop"
        environ = {**os.environ, "HOME": folder, "PATH": f"{BIN}:{os.environ['PATH']}"}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "ENVGUARD_KEY"):
            environ.pop(name, None)

        def run(*command: str) -> None:
            subprocess.run(command, cwd=shop, env=environ, check=True, capture_output=True)

        shop.mkdir()
        run("git", "init", "--quiet")
        run("git", "config", "user.name", "Ada")
        run("git", "config", "user.email", "ada@example.com")
        text = "".join(f"KEY_{n}=value-{n}-of-the-sample\n" for n in range(50))
        (shop / ".env").write_text(text)
        (shop / "plain.env").write_text(text)
        run("envguard", "init", "--yes", "--no-hook")
        run("envguard", "migrate", "--all", "--yes")
        run("git", "add", ".")
        run("git", "commit", "--quiet", "--message", "sample")
        (shop / "app.py").write_text("print('hello')\n" * 50)
        run("git", "add", "app.py")
        cases = {
            "python -c pass": (str(BIN / "python"), "-c", "pass"),
            "dotenv run -- true (50 values)": (
                str(BIN / "dotenv"), "-f", "plain.env", "run", "--", "true",
            ),
            "envguard run -- true (50 references)": (str(BIN / "envguard"), "run", "--", "true"),
            "envguard scan --staged (one file)": (str(BIN / "envguard"), "scan", "--staged"),
            "envguard hook run (one file)": (str(BIN / "envguard"), "hook", "run"),
            "envguard --version": (str(BIN / "envguard"), "--version"),
        }  # fmt: skip
        times: dict[str, list[float]] = {name: [] for name in cases}
        for round_number in range(rounds + 1):
            for name, command in cases.items():
                start = time.perf_counter()
                try:
                    run(*command)
                except (OSError, subprocess.CalledProcessError):
                    continue
                if round_number:  # the first one warms the caches
                    times[name].append((time.perf_counter() - start) * 1000)
    print(f"medians of {rounds} interleaved rounds, milliseconds, Python {sys.version.split()[0]}")
    for name, measured in times.items():
        shown = f"{statistics.median(measured):6.1f}" if measured else "not here"
        print(f"{shown}  {name}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
