"""What envguard and the peers find in whole work trees, to be read and labelled by eye.

    python benchmarks/quality/trees.py FOLDER... [--tool NAME] [--list FILE] [--labels FILE]

Every tool that is on PATH takes part (or those named by `--tool`), with its default settings, as a
folder scan of the work tree without `.git`; envguard with `--min-confidence medium` (its default)
and `high`. Prints what each one finds. `--list` writes every finding masked, tab-separated: tool,
tree, path, line, rule, preview. `--labels` reads such lines with a label before each (`trees.tsv`
here): T a credential, X a test value, an example or a placeholder, F none; then each count is told
apart by them, and the part of T, and of T and X, among what has a label. What has none is `?`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from evaluate import FINDINGS, TOOLS

sys.path.insert(0, str(Path(__file__).parents[1]))
from sample import environment


class Found(NamedTuple):
    path: str
    line: int
    rule: str
    preview: str


def masked(value: str) -> str:
    """The first four characters of a long value, how many it has, and no more."""
    return f"{value[:4]}… ({len(value)})" if len(value) >= 20 else f"… ({len(value)})"


def _own(report: str) -> Iterator[Found]:
    for item in json.loads(report)["findings"]:
        place, member = item["path"], re.search(r"(?:tar|zip): (.+)", item["decoded"] or "")
        if member:  # as betterleaks names it
            place += f"!{member[1]}"
        yield Found(place, item["line"], item["rule"], item["preview"])


def _gitleaks(report: str) -> Iterator[Found]:
    for item in json.loads(report):
        yield Found(item["File"], item["StartLine"], item["RuleID"], masked(item["Secret"]))


def _betterleaks(report: str) -> Iterator[Found]:
    for item in json.loads(report)["findings"] or []:
        where, value = item["location"], item["match"]["value"]
        first = where.get("start_line", 0)  # none for what stands in an archive's metadata
        yield Found(where["path"], first, item["rule_id"], masked(value))


def _kingfisher(report: str) -> Iterator[Found]:
    for text in report.splitlines():
        item = json.loads(text)
        if found := item.get("finding"):
            preview = masked((found.get("snippet") or "").strip())
            yield Found(found["path"], int(found["line"]), item["rule"]["id"], preview)


def _detect_secrets(report: str) -> Iterator[Found]:
    for path, items in json.loads(report)["results"].items():
        for item in items:
            yield Found(path, item["line_number"], item["type"], "")


READERS: Mapping[str, Callable[[str], Iterator[Found]]] = {
    "envguard": _own,
    "envguard, high": _own,
    "gitleaks": _gitleaks,
    "betterleaks": _betterleaks,
    "kingfisher": _kingfisher,
    "detect-secrets": _detect_secrets,
}
Labels = Mapping[str, str]
"""A label for each line of a list."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--tool", action="append", choices=tuple(TOOLS), help="only these")
    parser.add_argument("--list", type=Path, help="write the findings there, masked")
    parser.add_argument("--labels", type=Path, help="tell them apart by these labels")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        environ = environment(home)
        tools = [
            tool
            for tool in given.tool or TOOLS
            if shutil.which(TOOLS[tool].command.split()[0], path=environ["PATH"])
        ]
        labels = read_labels(given.labels) if given.labels else {}
        totals: Counter[str] = Counter()
        told: dict[str, Counter[str]] = {tool: Counter() for tool in tools}
        rows: list[str] = []
        print(f"| tree | files | {' | '.join(tools)} |\n|---{'|---' * (len(tools) + 1)}|")
        for place in given.folder:
            everything = (file for file in place.rglob("*") if not file.is_symlink())
            totals["files"] += (files := sum(file.is_file() for file in everything))
            cells = [place.resolve().name, f"{files:,}"]
            for tool in tools:
                findings = sorted(found(tool, place.resolve(), home, environ))
                lines = ["\t".join((tool, cells[0], *map(str, item))) for item in findings]
                counts = Counter(label(labels, line) for line in lines)
                told[tool] += counts
                cells.append(cell(counts, bool(labels)))
                rows += lines
            print(f"| {' | '.join(cells)} |", flush=True)
        sums = [cell(told[tool], bool(labels)) for tool in tools]
        print(f"| all | {totals['files']:,} | {' | '.join(sums)} |")
        if labels:
            print("| T | | " + " | ".join(part(told[tool], "T") for tool in tools) + " |")
            print("| T and X | | " + " | ".join(part(told[tool], "TX") for tool in tools) + " |")
    if given.list:
        given.list.write_text("".join(row + "\n" for row in rows))


def found(tool: str, place: Path, home: Path, environ: Mapping[str, str]) -> Iterator[Found]:
    report = home / "report.json"  # betterleaks wants this ending
    report.unlink(missing_ok=True)
    command = TOOLS[tool].command
    done = subprocess.run(
        [item.format(report) for item in command.split()],
        check=False,
        cwd=place,
        env=environ,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode in FINDINGS, f"{tool} ended with {done.returncode}"
    for item in READERS[tool](report.read_text() if "{0}" in command else done.stdout):
        yield item._replace(path=os.path.normpath(item.path))


def read_labels(file: Path) -> Labels:
    rows = (text.split("\t", 1) for text in file.read_text().splitlines())
    return {line: given for given, line in rows}


def label(labels: Labels, line: str) -> str:
    return labels.get(line.replace("envguard, high\t", "envguard\t", 1), "?")


def cell(counts: Counter[str], labelled: bool) -> str:
    told = ", ".join(f"{counts[given]} {given}" for given in "TXF?" if counts[given])
    return f"{counts.total()} ({told})" if labelled and told else f"{counts.total()}"


def part(counts: Counter[str], wanted: str) -> str:
    known = sum(counts[given] for given in "TXF")
    return f"{sum(counts[given] for given in wanted) / known:.2f}" if known else "-"


if __name__ == "__main__":
    main()
