"""The matcher: all expressions in one Hyperscan database.

Hyperscan reports where a match ends and nothing more (looking for the start costs half the
speed); exact spans are found by the caller, on the candidate only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path

import hyperscan


class Automaton:
    """A compiled set of expressions; the number of an expression is its place in the set. One of
    several lines is as many expressions under one number, and an empty one is none."""

    def __init__(self, database: hyperscan.Database) -> None:
        self._database = database
        self._database.scratch = hyperscan.Scratch(database)

    @classmethod
    def compiled(cls, expressions: Sequence[str]) -> Automaton:
        """Compiles expressions of Hyperscan's subset of PCRE; takes about half a second.

        Raises ValueError naming the expression that Hyperscan refuses.
        """
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        try:
            lines = [
                (line.encode(), number)
                for number, expression in enumerate(expressions)
                if expression
                for line in expression.split("\n")
            ]
            database.compile(
                expressions=[line for line, _ in lines],
                ids=[number for _, number in lines],
                flags=[0] * len(lines),
            )
        except hyperscan.error as error:
            raise ValueError(_culprit(expressions) or str(error)) from None
        return cls(database)

    @classmethod
    def loaded(cls, serialized: bytes) -> Automaton | None:
        """The automaton that `serialized` gave; None where this library or processor refuses it.

        Only for bytes that this user's own process made: loading foreign ones is unsafe.
        """
        try:
            return cls(hyperscan.loadb(serialized, hyperscan.HS_MODE_BLOCK))
        except hyperscan.error:
            return None

    def serialized(self) -> bytes:
        """The compiled form, for `loaded` with the same `platform_key`."""
        return bytes(hyperscan.dumpb(self._database))

    def ends(self, text: bytes) -> list[tuple[int, int]]:
        """Every (expression, end of match in bytes) in `text`, in order of their ends."""
        found: list[tuple[int, int]] = []
        append = found.append

        def hit(expression: int, _start: int, end: int, _flags: int, _context: object) -> None:
            append((expression, end))

        self._database.scan(text, match_event_handler=hit)
        if found:
            # Hyperscan promises no order ("Lack of ordering" in its guide on compiling patterns).
            found.sort(key=itemgetter(1))
        return found


def takes(expression: str) -> bool:
    """Whether Hyperscan takes an expression."""
    return _culprit([expression]) is None


def platform_key() -> str:
    """What the compiled form depends on: the library's version and the processor's features."""
    return f"{getattr(hyperscan, '__version__', '')} {_processor()}"


def _processor() -> str:
    try:
        # proc_cpuinfo(5); the first processor's block is enough.
        with Path("/proc/cpuinfo").open("rb") as file:
            block = file.read(8192).split(b"\n\n")[0]
    except OSError:
        return " ".join(os.uname()) if hasattr(os, "uname") else sys.platform
    kept = (b"flags", b"Features", b"model name", b"CPU part")
    return b" ".join(line for line in block.splitlines() if line.startswith(kept)).decode(
        "utf-8", "replace"
    )


def _culprit(expressions: Sequence[str]) -> str | None:
    for expression in filter(None, expressions):
        try:
            for line in expression.split("\n"):
                hyperscan.Database().compile(expressions=[line.encode()], ids=[0], flags=[0])
        except hyperscan.error as error:
            return f"{expression}: {error}"
    return None
