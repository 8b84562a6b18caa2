"""What the commands that start forty times a day cost, beside bare Python, in one run.

    python benchmarks/start_up.py [ROUNDS]

In a sample project with a home of its own: a .env of 50 references into the embedded store, and one
staged file. Prints medians of interleaved rounds in milliseconds, then what each import takes
(`python -X importtime`, which itself makes them a tenth slower).
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from sample import BIN, environment, interleaved, make_project

CASES = {
    "python -c pass": (str(BIN / "python"), "-c", "pass"),
    "dotenv run -- true (50 values)": (
        str(BIN / "dotenv"), "-f", "plain.env", "run", "--", "true",
    ),
    "envguard run -- true (50 references)": (str(BIN / "envguard"), "run", "--", "true"),
    "envguard scan --staged (one file)": (str(BIN / "envguard"), "scan", "--staged"),
    "envguard hook run (one file)": (str(BIN / "envguard"), "hook", "run"),
    "envguard --version": (str(BIN / "envguard"), "--version"),
}  # fmt: skip
IMPORTS = {
    "run": ("run", "--", "true"),
    "scan --staged": ("scan", "--staged"),
}
# What the import system does not see (envguard/core/alone.py), and modules of other names.
BELONGS = {
    "envguard.envfile.python_dotenv": "python-dotenv (its parser)",
    "_cffi_backend": "cryptography",
}
SMALL = 0.7  # milliseconds; what is below counts as one


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        environ = environment(Path(name))
        shop = Path(name) / "shop"
        make_project(shop, environ)
        spent = interleaved(CASES, rounds, shop, environ)
        print(f"medians of {rounds} interleaved rounds, milliseconds, {sys.version.split()[0]}")
        print("  wall    cpu")
        for case in CASES:
            if case in spent:
                print(f"{spent[case].wall:6.1f} {spent[case].processor:6.1f}  {case}")
            else:
                print(f"{'not here':>13}  {case}")
        for title, arguments in IMPORTS.items():
            print(f"\nimports of envguard {title}")
            for library, milliseconds in imports(arguments, rounds, shop, environ).items():
                print(f"{milliseconds:6.1f}  {library}")


def imports(
    arguments: tuple[str, ...], rounds: int, shop: Path, environ: Mapping[str, str]
) -> dict[str, float]:
    """Library -> milliseconds of its own modules, the longest first."""
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        told = subprocess.run(
            [sys.executable, "-X", "importtime", str(BIN / "envguard"), *arguments],
            cwd=shop,
            env=environ,
            check=True,
            capture_output=True,
            text=True,
        ).stderr
        for library, time in _by_library(told).items():
            found.setdefault(library, []).append(time / 1000)
    medians = {library: statistics.median(times) for library, times in found.items()}
    small = [time for time in medians.values() if time < SMALL]
    shown = {library: time for library, time in medians.items() if time >= SMALL}
    shown[f"{len(small)} others"] = sum(small)
    return dict(sorted(shown.items(), key=lambda item: -item[1]))


def _by_library(told: str) -> Counter[str]:
    """Library -> microseconds; what stands before the module `site` is Python's own start."""
    libraries: Counter[str] = Counter()
    started = False
    for line in told.splitlines():
        # "import time: <self> | <cumulative> | <module>", indented by depth
        words = line.removeprefix("import time:").split("|")
        if len(words) != 3 or not words[0].strip().isdigit():
            continue
        module = words[2].strip()
        top = module.partition(".")[0].lstrip("_")
        library = BELONGS.get(module, top) if started else "the start of Python"
        libraries[library] += int(words[0])
        started = started or module == "site"
    return libraries


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
