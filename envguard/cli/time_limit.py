"""A limit to the time that a command may take, where somebody waits for it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from envguard.core.errors import UsageError

_LONGEST = 86_400
"""Seconds."""


@contextmanager
def within(text: str) -> Iterator[None]:
    """Raises UsageError inside the block once it has taken that many seconds.

    Needs the main thread. Windows has no such signal, and nothing is limited there.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= _LONGEST):
        raise UsageError(
            f"--time-limit is a number of seconds, not {text!r}", "such as --time-limit 120"
        )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise UsageError(
            f"not everything could be looked at in {text} seconds",
            "push fewer commits at a time, or allow more with --time-limit in this hook",
        )

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(int(text))
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
