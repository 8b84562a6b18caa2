"""Values that everybody knows: the examples of vendors' documentation, which open nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "rules" / "known_examples.txt"


def is_known_example(value: bytes) -> bool:
    """Whether a value is one of the documented examples in `rules/known_examples.txt`."""
    from hashlib import sha256  # noqa: PLC0415 - loads OpenSSL: 3 ms of a scan without findings

    return sha256(value).digest() in _digests()


@cache  # of a file that is part of the program
def _digests() -> frozenset[bytes]:
    lines = _FILE.read_text(encoding="ascii").splitlines()
    return frozenset(
        bytes.fromhex(line.split(maxsplit=1)[0])
        for line in lines
        if line and not line.startswith("#")
    )
