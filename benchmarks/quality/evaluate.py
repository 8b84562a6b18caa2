"""How well envguard and the peers find what is labelled, in one run on the same data.

    python benchmarks/quality/evaluate.py --evaluator creddata_eval.py --split DEV [--split WORDS]

Every tool that is on PATH takes part, with its default settings, as a folder scan; envguard with
`--min-confidence medium` (its default) and `high`. Each one's report is brought into the
evaluator's form: path, line, end line and, where the tool tells it, the value. Prints for each
split the measures of the views CORE and STRONG, and wall and processor seconds: the medians of
`--rounds` interleaved rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from labelled import HEAD, Sight, Split, evaluator, line

sys.path.insert(0, str(Path(__file__).parents[1]))
from sample import environment

from envguard.core.rule import Confidence

Found = Iterator[tuple[str, int, int, str]]
"""Path, line, end line and value (empty: not told)."""


class Tool(NamedTuple):
    """A command that scans the folder that it stands in and writes a report to `{0}`; what reads
    the report; and the command that is timed, where it is another one."""

    command: str
    read: Callable[[Path, Path], Found]
    timed: str = ""


def _own(report: Path, files: Path) -> Found:
    for item in json.loads(report.read_text())["findings"]:
        lines = (files / item["path"]).read_text("utf-8", "surrogateescape").split("\n")
        value = ""
        if item["line"] == item["end_line"] and item["line"] <= len(lines):
            value = lines[item["line"] - 1][item["column"] - 1 : item["end_column"] - 1]
        yield item["path"], item["line"], item["end_line"], value


def _gitleaks(report: Path, _: Path) -> Found:
    for item in json.loads(report.read_text()):
        yield item["File"], item["StartLine"], item["EndLine"], item["Secret"]


def _betterleaks(report: Path, _: Path) -> Found:
    for item in json.loads(report.read_text())["findings"] or []:
        where = item["location"]
        first = where.get("start_line", 0)  # none for what stands in an archive's metadata
        yield where["path"], first, where.get("end_line", first), item["match"]["value"]


def _kingfisher(report: Path, _: Path) -> Found:
    for text in report.read_text().splitlines():
        found = json.loads(text).get("finding")
        if found:
            snippet = found.get("snippet") or ""
            first = int(found["line"])
            yield found["path"], first, first + snippet.strip("\n").count("\n"), snippet


def _detect_secrets(report: Path, _: Path) -> Found:
    for path, items in json.loads(report.read_text())["results"].items():
        for item in items:
            yield path, item["line_number"], item["line_number"], ""


# envguard's JSON holds a fingerprint for each finding, and those of short values take long to make,
# on purpose. The text that it prints by default has none.
TOOLS = {
    "envguard": Tool("envguard scan . --format json -o {0}", _own, "envguard scan . -o {0}"),
    "envguard, high": Tool(
        "envguard scan . --min-confidence high --format json -o {0}",
        _own,
        "envguard scan . --min-confidence high -o {0}",
    ),
    "gitleaks": Tool("gitleaks dir . --no-banner --exit-code 0 -f json -r {0}", _gitleaks),
    "betterleaks": Tool(
        "betterleaks filesystem . --no-banner -s --exit-code 0 -o {0}", _betterleaks
    ),
    "kingfisher": Tool(
        "kingfisher scan . --no-validate --no-dedup --no-update-check --format jsonl -o {0}",
        _kingfisher,
    ),
    "detect-secrets": Tool("detect-secrets scan --all-files --no-verify", _detect_secrets),
}
FINDINGS = (0, 1, 200, 205)  # codes that say that there are findings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--evaluator", type=Path, required=True)
    parser.add_argument("--split", type=Path, action="append", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tool", action="append", help="only these")
    given = parser.parse_args()
    module = evaluator(given.evaluator)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environ = environment(folder)
        tools = {
            title: tool
            for title, tool in TOOLS.items()
            if shutil.which(tool.command.split()[0], path=environ["PATH"])
            and (not given.tool or title in given.tool)
        }
        for place in given.split:
            split = Split(place.resolve(), module)
            print(f"\n### {place.name}\n\n{HEAD.splitlines()[0]} wall s | processor s |")
            print(f"{HEAD.splitlines()[1]}---|---|")
            spent = _run(tools, split.files, folder, environ, given.rounds)
            for title, tool in tools.items():
                measures = split.measures(_sights(tool, folder / f"{title}.json", split.files))
                wall, processor = spent[title]
                print(f"| {title} | {line(measures)} | {wall:.2f} | {processor:.2f} |", flush=True)


def _run(
    tools: Mapping[str, Tool], files: Path, folder: Path, environ: Mapping[str, str], rounds: int
) -> dict[str, tuple[float, float]]:
    """Wall and processor seconds of each tool; leaves their reports in `folder`."""
    times: dict[str, list[tuple[float, float]]] = {title: [] for title in tools}
    for number in range(rounds + 1):  # the first one is for the reports
        for title, tool in tools.items():
            if number > 1 and title == "detect-secrets":
                continue  # takes minutes
            report = folder / (f"{title}.timed.json" if number else f"{title}.json")
            command = tool.timed if number and tool.timed else tool.command
            start, before = time.perf_counter(), _processor()
            with (folder / "out").open("wb") as out:
                done = subprocess.run(
                    [part.format(report) for part in command.split()],
                    check=False,
                    cwd=files,
                    env=environ,
                    stdout=out,
                    stderr=subprocess.DEVNULL,
                )
            assert done.returncode in FINDINGS, f"{title} ended with {done.returncode}"
            if "{0}" not in command:
                shutil.copy(folder / "out", report)
            if number:
                times[title].append((time.perf_counter() - start, _processor() - before))
    return {
        title: (statistics.median(w for w, _ in spent), statistics.median(p for _, p in spent))
        for title, spent in times.items()
    }


def _sights(tool: Tool, report: Path, files: Path) -> Iterator[Sight]:
    for path, first, last, value in tool.read(report, files):
        kept = "" if "\n" in value else value
        yield Sight(
            os.path.normpath(path), first, last, kept, "", None, Confidence.LOW, "unlabelled"
        )


def _processor() -> float:
    used: Any = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(used.ru_utime + used.ru_stime)


if __name__ == "__main__":
    main()
