"""How far a long command is: one line on the terminal, after the first second."""

from __future__ import annotations

import sys
import time

from envguard.cli.session import Session
from envguard.core.finding import Coverage

_FIRST = 1.0  # seconds before anything is shown
_EVERY = 0.2  # seconds between two updates


class Progress:
    """A line that is written over, and wiped at the end. Silent where nobody looks."""

    def __init__(self, session: Session) -> None:
        self._live = sys.stderr.isatty() and not session.globals.quiet
        self._next = time.monotonic() + _FIRST
        self._shown = False

    def show(self, coverage: Coverage) -> None:
        """Shows what has been read so far; cheap to call for each document."""
        if not self._live or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY
        self._shown = True
        count = coverage.blobs or coverage.files
        print(
            f"\r\033[Kscanning: {count:,} contents, {coverage.bytes / 1e6:,.0f} MB",
            end="",
            file=sys.stderr,
            flush=True,
        )

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
