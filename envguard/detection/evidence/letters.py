"""How much like words a text is spelled: bits that its letters take, by the letters before.

`letters.bin` holds, for each two letters (or the beginning of a word) and the next (or the end),
the bits that the next one takes, in sixteenths; benchmarks/quality/learn.py counts them.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("letters.bin")
_RUNS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_BASE = 27  # 26 letters, and what is none
_STEPS = 16  # in a bit


def bits(text: str) -> tuple[float, int]:
    """Bits a letter of the runs of three letters and more, and how many letters those have."""
    costs = table()
    total = count = 0
    for run in _RUNS.findall(text):
        if len(run) < 3:
            continue
        before = 0
        for letter in run.lower():
            code = ord(letter) - 96
            place = before * _BASE + code
            total += costs[place]
            before = place % (_BASE * _BASE)
        total += costs[before * _BASE]
        count += len(run)
    return (total / _STEPS / count if count else 0.0), count


@cache  # of a file that is part of the program
def table() -> bytes:
    """The bits of each letter after each two, in sixteenths."""
    return _FILE.read_bytes()
