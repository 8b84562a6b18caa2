"""Values that everybody knows: the examples of vendors' documentation, which open nothing."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

_FILE = Path(__file__).parent / "rules" / "known_examples.txt"


def is_known_example(value: bytes) -> bool:
    """Whether a value is one of the documented examples in `rules/known_examples.txt`."""
    return sha256(value).digest() in _digests()


@cache  # of a file that is part of the program
def _digests() -> frozenset[bytes]:
    lines = _FILE.read_text(encoding="ascii").splitlines()
    return frozenset(
        bytes.fromhex(line.split(maxsplit=1)[0])
        for line in lines
        if line and not line.startswith("#")
    )
