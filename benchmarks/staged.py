"""What a commit of one staged file waits for: the hooks of envguard and its peers, in one run.

    python benchmarks/staged.py [ROUNDS]

Each tool that is on PATH becomes the pre-commit hook of a sample repository, and `git hook run
pre-commit` is timed, interleaved: wall and processor time, medians, `no hook` being git and sh
alone. First every hook must refuse a new private key; one that does not is marked. Then: where
envguard's own time goes.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sample import environment, interleaved, make_project

# betterleaks 1 took gitleaks' options; 2 has --staged alone.
PEERS = {
    "gitleaks": "gitleaks git --pre-commit --staged --no-banner",
    "betterleaks": "betterleaks git --staged --no-banner",
    "kingfisher": "kingfisher scan . --staged --no-validate --no-update-check --quiet",
    "detect-secrets-hook": "git diff --cached --name-only -z | xargs -0 detect-secrets-hook",
}


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, shop = Path(name), Path(name) / "shop"
        environ = environment(folder)
        make_project(shop, environ)
        cases = hooks(folder, shop, environ)
        blind = [tool for tool, command in cases.items() if not refuses(shop, command, environ)]
        spent = interleaved(cases, rounds, shop, environ)
        print(f"a hook over one staged file, medians of {rounds} interleaved rounds, milliseconds")
        print("  wall    cpu")
        for tool, (wall, processor) in spent.items():
            note = "  (lets a private key pass)" if tool in blind and tool != "no hook" else ""
            print(f"{wall:6.1f} {processor:6.1f}  {tool}{note}")
        print("\nenvguard's own, in its process")
        for phase, time in phases(rounds, shop, environ).items():
            print(f"{time:6.1f}  {phase}")


def hooks(folder: Path, shop: Path, environ: Mapping[str, str]) -> dict[str, list[str]]:
    """For each tool the command that runs its hook."""
    lines = {"no hook": ":"}
    lines |= {t: line for t, line in PEERS.items() if shutil.which(t, path=environ["PATH"])}
    cases = {}
    for tool, line in lines.items():
        hook = folder / "hooks" / tool.replace(" ", "-") / "pre-commit"
        hook.parent.mkdir(parents=True)
        hook.write_text(f"#!/bin/sh\n{line}\n")
        hook.chmod(0o755)
        cases[tool] = ["git", "-c", f"core.hooksPath={hook.parent}", "hook", "run", "pre-commit"]
    subprocess.run(
        ["envguard", "hook", "install"], cwd=shop, env=environ, check=True, capture_output=True
    )
    return {"envguard": ["git", "hook", "run", "pre-commit"], **cases}


def refuses(shop: Path, command: list[str], environ: Mapping[str, str]) -> bool:
    """Whether a hook ends with an error where a new private key is staged."""
    leak = shop / "deploy.py"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    leak.write_bytes(b'KEY = """' + key + b'"""\n')
    subprocess.run(["git", "add", leak.name], cwd=shop, env=environ, check=True)
    done = subprocess.run(command, cwd=shop, env=environ, check=False, capture_output=True)
    subprocess.run(
        ["git", "rm", "--quiet", "--force", leak.name], cwd=shop, env=environ, check=True
    )
    return done.returncode != 0


def phases(rounds: int, shop: Path, environ: Mapping[str, str]) -> dict[str, float]:
    """Medians of what `phases.py` says, and of Python without anything."""
    found: dict[str, list[float]] = {}
    program = str(Path(__file__).with_name("phases.py"))
    for _ in range(rounds):
        told = subprocess.run(
            [sys.executable, program, "hook", "run"],
            cwd=shop,
            env=environ,
            check=True,
            capture_output=True,
            text=True,
        ).stderr
        for line in told.splitlines():
            phase, _, time = line.partition(" ")
            found.setdefault(phase, []).append(float(time))
    bare = interleaved({"python": [sys.executable, "-c", "pass"]}, rounds, shop, environ)
    return {
        "start of Python": bare["python"].wall,
        **{phase: statistics.median(times) for phase, times in found.items()},
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
