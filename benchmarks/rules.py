"""What each rule costs on the content of a git repository, alone and in the whole set.

    python benchmarks/rules.py REPOSITORY [MEGABYTES] [--rule ID]

Takes text from the repository's objects, in the order of its packs, up to 100 MB. Prints for the
whole set, and for the slowest, the chattiest and the dearest rules alone:

- MB/s of the automaton: CPU time of this thread, the best of three rounds;
- hits: how often the automaton calls back, for each MB of text;
- confirming: microseconds for each MB that the rule's own expression and all that follows take;
- width: how many bytes the widest match of the anchor takes up.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from envguard.core.document import Document
from envguard.core.rule import Rule
from envguard.detection import rulebook
from envguard.detection.automaton import Automaton
from envguard.detection.detector import GENERIC, Detector

if sys.version_info >= (3, 11):
    from re import _parser as parser
else:
    import sre_parse as parser

ROUNDS = 3
RUN = 50  # neighbouring objects that are taken together: in a pack they are versions of one file
SHOWN = 12


class Cost(NamedTuple):
    """What a set of anchors costs."""

    name: str
    speed: float
    hits: float
    confirming: float
    width: int

    def __str__(self) -> str:
        return (
            f"{self.speed:8.0f} MB/s {self.hits:9.2f} hits/MB {self.confirming:8.1f} us/MB"
            f" {self.width:5d} bytes  {self.name}"
        )


def sample(repository: str, limit: int) -> list[bytes]:
    """Texts of the repository, `limit` bytes at most; the same ones each time."""
    git = ["git", "-C", repository, "cat-file", "--batch-all-objects", "--unordered"]
    names = "--batch-check=%(objecttype) %(objectname) %(objectsize)"
    listed = subprocess.run([*git, names], check=True, capture_output=True, text=True)
    rows = (line.split() for line in listed.stdout.splitlines())
    blobs = [(name, int(size)) for kind, name, size in rows if kind == "blob"]
    starts = list(range(0, len(blobs), RUN))
    random.Random(1).shuffle(starts)  # noqa: S311 - the same sample each time
    chosen: list[str] = []
    for name, size in (blob for start in starts for blob in blobs[start : start + RUN]):
        limit -= size
        if limit < 0:
            break
        chosen.append(name)
    return [text for text in read(repository, chosen) if b"\0" not in text[:8000]]


def read(repository: str, names: Sequence[str]) -> Iterator[bytes]:
    """The contents of objects."""
    with subprocess.Popen(
        ["git", "-C", repository, "cat-file", "--batch", "--buffer"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin and process.stdout
        asked = "".join(f"{name}\n" for name in names).encode()
        stdin = process.stdin
        writer = threading.Thread(target=lambda: (stdin.write(asked), stdin.close()))
        writer.start()
        for _ in names:
            size = int(process.stdout.readline().split()[2])
            yield process.stdout.read(size)
            process.stdout.read(1)
        writer.join()


def measure(name: str, rules: Sequence[Rule], texts: Sequence[bytes]) -> Cost:
    """The cost of some rules; the one of assignments, if it is among them, is the last."""
    automaton = Automaton.compiled([rule.anchor for rule in rules])
    known = [rule for rule in rules if rule is not GENERIC]
    megabytes = sum(map(len, texts)) / 1e6
    matching, whole, hits = 9e9, 9e9, 0
    for _ in range(ROUNDS):
        start = time.thread_time()
        hits = sum(len(automaton.ends(text)) for text in texts)
        matching = min(matching, time.thread_time() - start)
        detector = Detector(known, automaton)  # a new one remembers nothing
        start = time.thread_time()
        for text in texts:
            detector.candidates(Document("", text))
        whole = min(whole, time.thread_time() - start)
    confirming = max(whole - matching, 0)
    width = max(
        parser.parse(anchor).getwidth()[1] for rule in rules for anchor in rule.anchor.split("\n")
    )
    return Cost(name, megabytes / matching, hits / megabytes, confirming / megabytes * 1e6, width)


def main() -> None:
    """Measures and prints."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("repository")
    arguments.add_argument("megabytes", nargs="?", type=int, default=100)
    arguments.add_argument("--rule", action="append", help="only the rules with this in their id")
    given = arguments.parse_args()
    texts = sample(given.repository, given.megabytes * 1_000_000)
    # Alone, a rule is faster than the calls for small texts: they are joined.
    joined = [b"\n".join(texts[start : start + RUN]) for start in range(0, len(texts), RUN)]
    print(f"{len(texts)} texts, {sum(map(len, texts)) / 1e6:.0f} MB, {ROUNDS} rounds")
    # What is a part, or told by a name alone, is in no automaton.
    rules = tuple(rule for rule in rulebook.load() if rule.anchor and not rule.part)
    if given.rule:
        rules = tuple(rule for rule in rules if re.search("|".join(given.rule), rule.id))
    else:
        print(measure("the whole set", [*rules, GENERIC], texts))
        print(measure("all rules but the one of assignments", rules, texts))
    alone = [measure(rule.id, [rule], joined) for rule in (*rules, GENERIC)]
    for title, order in (
        ("slowest", lambda cost: cost.speed),
        ("most hits", lambda cost: -cost.hits),
        ("dearest to confirm", lambda cost: -cost.confirming),
        ("widest", lambda cost: -cost.width),
    ):
        print(f"\n{title}")
        print(*sorted(alone, key=order)[:SHOWN], sep="\n")


if __name__ == "__main__":
    main()
