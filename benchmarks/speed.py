"""How fast whole repositories are scanned, beside the peers, in interleaved runs.

    python benchmarks/speed.py history REPOSITORY [--rounds 5]   # every commit of every ref
    python benchmarks/speed.py tree FOLDER [--rounds 5]          # the files of a work tree
    python benchmarks/speed.py again REPOSITORY [--rounds 5]     # with the cache, 10 commits later
    python benchmarks/speed.py growth REPOSITORY [--rounds 3]    # a quarter, a half, the whole

Every tool that is on PATH takes part, with its default rules, and writes its report to a file: the
peers JSON, envguard the text that it prints by default, each finding with its commit, author and
paths. Nothing is remembered from run to run but compiled rules (what envguard remembers of a
history is removed before each run, but for `again`). Wall and processor time are medians; memory
is the highest sum over all processes of what each holds alone and its part of what it shares
(PSS), seen in a round of its own. `commits` is what a tool says that it looked at.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sample import environment

HISTORY = {
    "envguard": "envguard scan --history {0} -o {1}",
    "envguard, git reads": "envguard scan --history {0} -o {1}",
    "gitleaks": "gitleaks git {0} --log-opts=--all --no-banner --exit-code 0 -f json -r {1}",
    "betterleaks": "betterleaks git {0} --log-opts=--all --no-banner -s --exit-code 0 -o {1}.json",
    "kingfisher": "kingfisher scan {0} --no-validate --no-update-check --format json -o {1}",
    "kingfisher, turbo": (
        "kingfisher scan {0} --turbo --no-validate --no-update-check --format json -o {1}"
    ),
}
TREE = {
    "envguard": "envguard scan {0} -o {1}",
    "gitleaks": "gitleaks dir {0} --no-banner --exit-code 0 -f json -r {1}",
    "betterleaks": "betterleaks filesystem {0} --no-banner -s --exit-code 0 -o {1}.json",
    "kingfisher": "kingfisher scan {0} --no-validate --no-update-check --format json -o {1}",
    "detect-secrets": "detect-secrets scan --all-files {0}",
}
FINDINGS = (0, 200, 205)  # kingfisher has codes of its own for findings
EVERY = 0.05  # seconds between two looks at the memory


class Run(NamedTuple):
    """One run: seconds of wall and processor time, and what was printed."""

    wall: float
    processor: float
    told: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("history", "tree", "again", "growth"))
    parser.add_argument("place", type=Path)
    parser.add_argument("--rounds", type=int)
    given = parser.parse_args()
    place = given.place.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environ = environment(folder)
        (folder / "tmp").mkdir()
        if given.what == "history":
            compare(HISTORY, place, given.rounds or 5, folder, environ)
            print(f"git itself counts {commits(place)} commits, {commits(place, '--no-merges')}"
                  " without merges")  # fmt: skip
        elif given.what == "tree":
            copy = folder / "tree"
            # Without .git: some tools look into it, too.
            shutil.copytree(place, copy, ignore=shutil.ignore_patterns(".git"), symlinks=True)
            compare(TREE, copy, given.rounds or 5, folder, environ)
        elif given.what == "again":
            again(place, given.rounds or 5, folder, environ)
        else:
            growth(place, given.rounds or 3, folder, environ)


def compare(
    lines: Mapping[str, str], place: Path, rounds: int, folder: Path, environ: Mapping[str, str]
) -> dict[str, Run]:
    """Times each tool, prints the table, and returns the medians."""
    path = environ["PATH"]
    tools = {tool: line for tool, line in lines.items() if shutil.which(line.split()[0], path=path)}
    runs: dict[str, list[Run]] = {tool: [] for tool in tools}
    for number in range(rounds + 1):
        for tool, line in tools.items():
            found = run(tool, line, place, folder, environ)
            if number:  # the first round warms the caches
                runs[tool].append(found)
    memory = {t: watched(t, line, place, folder, environ) for t, line in tools.items()}
    medians = {tool: median(found) for tool, found in runs.items()}
    print(f"{place.name}: medians of {rounds} interleaved rounds")
    print("  wall s   CPU s   memory MB   x ours   commits")
    for tool, found in medians.items():
        ratio = found.wall / medians["envguard"].wall
        print(f"{found.wall:8.2f}{found.processor:8.2f}{memory[tool]:12.0f}{ratio:9.2f}"
              f"   {told_commits(found.told):>7}  {tool}")  # fmt: skip
    return medians


def run(tool: str, line: str, place: Path, folder: Path, environ: Mapping[str, str]) -> Run:
    command = prepared(tool, line, place, folder, environ)
    start, before = time.perf_counter(), processor()
    done = subprocess.run(
        command,
        cwd=folder,
        env=environ,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
    )
    found = Run(
        time.perf_counter() - start, processor() - before, done.stderr + done.stdout[-2000:]
    )
    if done.returncode not in ((0, 1) if tool.startswith("envguard") else FINDINGS):
        raise SystemExit(f"{tool} ended with {done.returncode}: {found.told[-500:]}")
    report = folder / "report"
    if tool.startswith("envguard") and report.exists():
        found = found._replace(told=report.read_text(errors="replace")[-300:])
    return found


def prepared(
    tool: str, line: str, place: Path, folder: Path, environ: Mapping[str, str]
) -> list[str]:
    """The command of a tool, with nothing remembered."""
    for remembered in (folder / ".cache" / "envguard").glob("history-*"):
        remembered.unlink()
    command = [part.format(place, folder / "report") for part in line.split()]
    if tool == "envguard, git reads":
        return [sys.executable, str(Path(__file__).with_name("through_git.py")), *command[1:]]
    return [shutil.which(command[0], path=environ["PATH"]) or command[0], *command[1:]]


def median(runs: Sequence[Run]) -> Run:
    return Run(
        statistics.median(run.wall for run in runs),
        statistics.median(run.processor for run in runs),
        runs[0].told,
    )


def processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def told_commits(told: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", told)
    found = re.search(r"([\d,]+) commits", plain)
    return found[1].replace(",", "") if found else "-"


def commits(place: Path, *options: str) -> str:
    command = ["git", "-C", str(place), "rev-list", "--all", "--count", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def watched(tool: str, line: str, place: Path, folder: Path, environ: Mapping[str, str]) -> float:
    """The megabytes that a tool and its children hold at most."""
    command = prepared(tool, line, place, folder, environ)
    highest = 0.0
    child = subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def watch() -> None:
        nonlocal highest
        while child.poll() is None:
            highest = max(highest, sum(held(pid) for pid in family(child.pid)))
            time.sleep(EVERY)

    watcher = threading.Thread(target=watch)
    watcher.start()
    child.wait()
    watcher.join()
    return highest


def family(pid: int) -> list[int]:
    """A process and all below it."""
    try:
        text = "".join(file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children"))
    except OSError:
        return [pid]
    return [pid, *(below for child in text.split() for below in family(int(child)))]


def held(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def again(place: Path, rounds: int, folder: Path, environ: Mapping[str, str]) -> None:
    """A scan with the cache, ten commits after the one that filled it; and `git status`."""
    tree = folder / "tree"
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-C", str(tree)]

    def call(*command: str) -> None:
        subprocess.run(command, env=environ, check=True, capture_output=True)

    call("git", "clone", "--quiet", "--no-local", str(place), str(tree))
    scan = ["envguard", "scan", "--history", "-o", str(folder / "report"), "--exit-zero"]
    timed: dict[str, list[float]] = {"first": [], "10 commits later": [], "git status": []}
    for number in range(rounds):
        for name in ("first", "10 commits later"):
            if name == "first":
                shutil.rmtree(folder / ".cache" / "envguard", ignore_errors=True)
                call("envguard", "rules", "list")
            else:
                for more in range(10):
                    (tree / f"new-{number}-{more}").write_text(f"{number} {more}\n" * 100)
                    call(*git, "add", ".")
                    call(*git, "commit", "--quiet", "--no-verify", "-m", "more")
            start = time.perf_counter()
            subprocess.run(scan, cwd=tree, env=environ, check=True, capture_output=True)
            timed[name].append(time.perf_counter() - start)
        start = time.perf_counter()
        call(*git, "status")
        timed["git status"].append(time.perf_counter() - start)
    for name, times in timed.items():
        print(f"{statistics.median(times):8.2f} s  {name}")


def growth(place: Path, rounds: int, folder: Path, environ: Mapping[str, str]) -> None:
    """The same for what the oldest quarter and half of the commits reach, and for all."""
    listing = ("rev-list", "--all", "--topo-order", "--reverse")
    order = subprocess.run(
        ["git", "-C", str(place), *listing], check=True, capture_output=True, text=True
    ).stdout.split()
    asked = {
        **os.environ,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "uploadpack.allowAnySHA1InWant",
        "GIT_CONFIG_VALUE_0": "true",
    }
    print("commits     blobs      size  wall s   CPU s")
    for part in (4, 2, 1):
        copy = folder / f"part-{part}.git"
        tip = order[len(order) // part - 1]
        subprocess.run(["git", "init", "--quiet", "--bare", str(copy)], check=True)
        subprocess.run(
            [
                "git",
                "-C",
                str(copy),
                "fetch",
                "--quiet",
                "--no-tags",
                str(place),
                f"{tip}:refs/heads/all",
            ],
            check=True,
            env=asked,
        )
        line = HISTORY["envguard"]
        found = median([run("envguard", line, copy, folder, environ) for _ in range(rounds)])
        told = re.search(r"([\d,]+) commits, ([\d,]+) blobs, ([\d.]+ [GMk]?B)", found.told)
        about = told.groups() if told is not None else ("-", "-", "-")
        print("{:>7} {:>9} {:>9}".format(*about), f"{found.wall:7.2f} {found.processor:7.2f}")
        shutil.rmtree(copy)


if __name__ == "__main__":
    main()
