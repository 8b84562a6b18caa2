"""Looks every finding of a history scan up with git: is what the report says true?

    python benchmarks/truth.py REPOSITORY...

For each repository: the counts of commits and blobs against git's own, and for each finding that
the value stands in that commit, path, line and column, that no parent of the commit had it in
that path, and that `in_head` is what HEAD says. Values are read from git and are not printed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

from envguard.core.secret import Secret


def git(repository: str, *arguments: str, check: bool = True) -> bytes:
    done = subprocess.run(
        ["git", "-C", repository, "--no-replace-objects", *arguments],
        check=False,
        capture_output=True,
    )
    if check and done.returncode:
        raise SystemExit(f"git {arguments[0]}: {done.stderr.decode()}")
    return done.stdout if done.returncode == 0 else b""


def value_at(text: bytes, finding: dict[str, object]) -> str:
    """What stands between the finding's start and end."""
    lines = text.decode("utf-8", "surrogateescape").split("\n")
    first, last = int(str(finding["line"])), int(str(finding["end_line"]))
    column, end = int(str(finding["column"])), int(str(finding["end_column"]))
    if last > len(lines):
        return ""
    if first == last:
        return lines[first - 1][column - 1 : end - 1]
    return "\n".join(
        [lines[first - 1][column - 1 :], *lines[first : last - 1], lines[last - 1][: end - 1]]
    )


def check(repository: str) -> bool:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "envguard", "scan", "--history", repository, "--format", "json"],
        check=False,
        capture_output=True,
    )
    seconds = time.perf_counter() - start
    report = json.loads(done.stdout)
    coverage = report["coverage"]
    commits = int(git(repository, "rev-list", "--all", "--count"))
    objects = git(repository, "cat-file", "--batch-check", "--batch-all-objects").split(b"\n")
    blobs = sum(line.split(b" ")[1:2] == [b"blob"] for line in objects)
    wrong = []
    for finding in report["findings"]:
        if str(finding["path"]).startswith("("):
            continue  # a message: it has no path in a tree
        place = f"{finding['commit']}:{finding['path']}"
        value = value_at(git(repository, "show", place), finding)
        if not value or Secret(value).mask() != finding["preview"]:
            wrong.append(f"{place}:{finding['line']} does not hold it")
            continue
        content = value.encode("utf-8", "surrogateescape")
        parents = git(repository, "rev-parse", f"{finding['commit']}^@").split()
        for parent in parents:
            before = git(repository, "show", f"{parent.decode()}:{finding['path']}", check=False)
            if content in before and len(parents) == 1:
                wrong.append(f"{place}: its parent has it already")
        heads = [o for o in finding["occurrences"] if o["change"] == "head"]
        if finding["in_head"] != bool(heads):
            wrong.append(f"{place}: in_head does not fit its occurrences")
        for head in heads:
            if content not in git(repository, "show", f"HEAD:{head['path']}"):
                wrong.append(f"{place}: HEAD:{head['path']} does not hold it")
    counts = (coverage["commits"], coverage["blobs"]) == (commits, blobs)
    print(
        f"{repository}: {seconds:.1f} s, exit {done.returncode}, {commits} commits and {blobs} "
        f"blobs {'as git counts' if counts else 'but envguard counts otherwise'}, "
        f"{len(report['findings'])} findings, {len(wrong)} wrong"
    )
    for line in wrong:
        print(f"  {line}")
    return counts and not wrong


if __name__ == "__main__":
    results = [check(repository) for repository in sys.argv[1:]]
    sys.exit(not all(results))
