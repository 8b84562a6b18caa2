"""gitleaks' rules on their own samples: what envguard finds with gitleaks' configuration, and what
gitleaks itself finds on the very same texts.

    python benchmarks/quality/gitleaks_samples.py CHECKOUT [--gitleaks PROGRAM] [--show N]

CHECKOUT is a checkout of https://github.com/gitleaks/gitleaks ; its samples stand in
cmd/generate/config/rules/*.go, its configuration in config/gitleaks.toml. Each sample is a file of
its own. Two comparisons: rule by rule, each with a configuration that holds this rule alone (and
the allow lists for all), as gitleaks' own tests do; and the whole configuration at once. The judge
is the gitleaks on the PATH. Differences are printed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomllib

sys.path.insert(0, str(Path(__file__).parent))

from go_samples import Sample, samples

from envguard.core.document import Document
from envguard.core.rule import Confidence
from envguard.detection.automaton import Automaton
from envguard.detection.book import book
from envguard.detection.detector import Detector, named

NEVER = "never \\x00 found"
Found = dict[str, set[tuple[str, str]]]
"""What is found in each file: rules with secrets."""


def write(texts: Sequence[Sample], folder: Path) -> dict[str, Sample]:
    """Writes each sample as a file; the samples by path."""
    files: dict[str, Sample] = {}
    for number, sample in enumerate(texts):
        path = f"s{number}/{sample.path or 'sample'}"
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(sample.text.encode() or b"\n")  # gitleaks passes empty files by
        files[path] = sample
    return files


def by_gitleaks(program: str, configuration: Path, folder: Path, report: Path) -> Found:
    """What gitleaks finds in a folder."""
    command = [program, "dir", ".", "-c", str(configuration), "-f", "json", "-r", str(report)]
    subprocess.run(
        [*command, "--no-banner", "-l", "fatal", "--exit-code", "0", "--max-decode-depth", "0"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    found: Found = defaultdict(set)
    for row in json.loads(report.read_text()):
        found[row["File"]].add((row["RuleID"], row["Secret"]))
    return found


def by_envguard(configuration: bytes, folder: Path, paths: Sequence[str]) -> Found:
    """What envguard's detector finds in files, by the rules of a configuration and no others."""
    rules = book([(Path("gitleaks.toml"), configuration)])
    # Without the anchor of our generic finder, which is the last one and takes long to compile.
    automaton = Automaton.compiled([*(rule.anchor for rule in rules.rules), NEVER])
    detector = Detector(rules.rules, automaton, beside=rules.beside)
    found: Found = defaultdict(set)
    for path in paths:
        text = (folder / path).read_bytes()
        for candidate in [*detector.candidates(Document(path, text)), *named(rules.beside, path)]:
            confidence = candidate.confidence(path)
            if candidate.rule.checks is None or not candidate.rule.checks.is_foreign:
                continue  # the generic finder
            if confidence is not None and confidence >= Confidence.MEDIUM:
                is_name = candidate.line == candidate.end_column == 1
                found[path].add((candidate.rule.id, "" if is_name else candidate.secret.reveal()))
    return found


def alone(configuration: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    """A configuration of one rule and of the allow lists for all."""
    everywhere = configuration.get("allowlists") or [configuration["allowlist"]]
    return toml({"allowlists": everywhere, "rules": [rule]})


def toml(tables: Mapping[str, Sequence[Mapping[str, Any]]], above: str = "") -> str:
    """Tables as TOML; JSON's texts, lists and numbers are TOML's, too."""
    lines: list[str] = []
    for name, rows in tables.items():
        for row in rows:
            lines.append(f"[[{above}{name}]]")
            plain = {
                k: v
                for k, v in row.items()
                if not (isinstance(v, list) and v and isinstance(v[0], dict))
            }
            lines += [f"{key} = {json.dumps(value)}" for key, value in plain.items()]
            inner = {k: v for k, v in row.items() if k not in plain}
            lines.append(toml(inner, f"{above}{name}."))
    return "\n".join(lines)


def main() -> None:
    """Compares and prints."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("checkout", type=Path)
    arguments.add_argument("--gitleaks", default="gitleaks")
    arguments.add_argument("--show", type=int, default=40, help="differences that are printed")
    given = arguments.parse_args()
    texts, without = samples(given.checkout)
    file = given.checkout / "config/gitleaks.toml"
    configuration = tomllib.loads(file.read_text(encoding="utf-8"))
    of_rule = defaultdict(list)
    for sample in texts:
        of_rule[sample.rule].append(sample)
    print(f"{len(configuration['rules'])} rules, {len(texts)} samples; {without} rules without any")
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        differences = equal = wrong = 0
        for rule in configuration["rules"]:
            folder = room / rule["id"]
            folder.mkdir()
            files = write(of_rule[rule["id"]], folder)
            if not files:
                continue
            text = alone(configuration, rule)
            (room / "one.toml").write_text(text)
            theirs = by_gitleaks(given.gitleaks, room / "one.toml", folder, room / "report.json")
            ours = by_envguard(text.encode(), folder, list(files))
            for path, sample in files.items():
                wrong += bool(theirs.get(path)) != sample.positive
                if ours.get(path, set()) == theirs.get(path, set()):
                    equal += 1
                    continue
                differences += 1
                if differences <= given.show:
                    show(rule["id"], sample, ours.get(path, set()), theirs.get(path, set()))
        print(f"rule by rule: {equal} samples alike, {differences} not; gitleaks itself is not as"
              f" its sources say on {wrong}")  # fmt: skip
        whole = room / "whole"
        files = write(texts, whole)
        theirs = by_gitleaks(given.gitleaks, file, whole, room / "report.json")
        ours = by_envguard(file.read_bytes(), whole, list(files))
        counts = defaultdict(int)
        for path, sample in files.items():
            mine, other = ours.get(path, set()), theirs.get(path, set())
            if mine == other:
                counts["alike"] += 1
            elif mine > other and all("generic" in r for r, _ in mine - other):
                counts["only a generic rule more, which gitleaks drops beside another"] += 1
            else:
                counts["different"] += 1
                if counts["different"] <= given.show:
                    show("whole", sample, mine, other)
        print("whole configuration:", dict(counts))


def show(rule: str, sample: Sample, ours: set[Any], theirs: set[Any]) -> None:
    """Prints one difference."""
    print(f"- {rule}: {sample.text[:300]!r}")
    print(f"    envguard only: {sorted(ours - theirs)}\n    gitleaks only: {sorted(theirs - ours)}")


if __name__ == "__main__":
    main()
