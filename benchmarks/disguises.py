"""One token in fourteen disguises (and five more): which scanner finds it in which?

    python benchmarks/disguises.py

Prints a table for envguard and for each of gitleaks, betterleaks, kingfisher and detect-secrets
that is on PATH. The token is made anew for each disguise, with a true checksum; a scanner has
found it where its report holds the token itself (of envguard and detect-secrets, whose reports hold
no values: its rule). Decoding and archives are turned on where there is an option.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.detection.disguises import FOURTEEN, MORE
from tests.detection.samples import expand


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return done.stdout


def envguard(folder: Path, _: str) -> bool:
    report = run(folder, sys.executable, "-m", "envguard", "scan", ".", "--format", "json")
    return any(finding["rule"] == "github-token" for finding in json.loads(report)["findings"])


def gitleaks(folder: Path, token: str) -> bool:
    options = ["--report-format", "json", "--report-path", "-", "--no-banner"]
    depths = ["--max-decode-depth", "5", "--max-archive-depth", "5"]
    return token in run(folder, "gitleaks", "dir", ".", *options, *depths)


def betterleaks(folder: Path, token: str) -> bool:
    """Version 2; it decodes and opens archives by itself."""
    with tempfile.TemporaryDirectory() as other:
        report = Path(other) / "report.json"
        run(folder, "betterleaks", "auto", ".", "--output", str(report))
        return token in report.read_text()


def kingfisher(folder: Path, token: str) -> bool:
    options = ["--no-validate", "--no-update-check", "--format", "json", "--confidence", "low"]
    return token in run(folder, "kingfisher", "scan", ".", *options)


def detect_secrets(folder: Path, _: str) -> bool:
    """By the kind: of a token of GitHub it hashes the prefix only."""
    return '"type": "GitHub Token"' in run(folder, "detect-secrets", "scan", "--all-files", ".")


SCANNERS: dict[str, Callable[[Path, str], bool]] = {
    "envguard": envguard,
    "gitleaks": gitleaks,
    "betterleaks": betterleaks,
    "kingfisher": kingfisher,
    "detect-secrets": detect_secrets,
}


def main() -> None:
    present = {
        name: finds for name, finds in SCANNERS.items() if name == "envguard" or shutil.which(name)
    }
    print(f"{'':22}" + "".join(f"{name:>16}" for name in present))
    count = dict.fromkeys(present, 0)
    for number, (disguise, (file, disguised)) in enumerate((FOURTEEN | MORE).items()):
        if number == len(FOURTEEN):
            print(f"{'of fourteen':22}" + "".join(f"{count[name]:16}" for name in present))
        row = f"{disguise:22}"
        with tempfile.TemporaryDirectory() as folder:
            token = expand("{github:ghp_}", 1000 + number)
            (Path(folder) / file).write_bytes(disguised(token))
            for name, finds in present.items():
                found = finds(Path(folder), token.decode())
                count[name] += found
                row += f"{'yes' if found else '-':>16}"
        print(row, flush=True)
    missing = [name for name in SCANNERS if name not in present]
    if missing:
        print(f"not on PATH: {', '.join(missing)}")


if __name__ == "__main__":
    main()
