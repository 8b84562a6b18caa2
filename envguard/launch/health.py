"""Asking whether a restarted child is ready."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Mapping

from envguard.launch.signals import Signals
from envguard.launch.spawn import Place, spawn

_PATIENCE = 30.0  # seconds until a child counts as not healthy
_EVERY = 0.5
_SHELL = "/bin/sh"


class Health:
    """A shell command that is repeated until it succeeds, or until 30 seconds are over.

    It gets the child's environment and no streams: nothing of what it prints is shown.
    """

    def __init__(self, command: str, environ: Mapping[str, str], signals: Signals) -> None:
        self._command = command
        self._environ = environ
        self._signals = signals
        self._end = time.monotonic() + _PATIENCE
        self._next: float | None = time.monotonic()
        self.process: int | None = None

    @property
    def wake_at(self) -> float | None:
        """When to call `look` again; None: when the process has ended, or never."""
        return self._end if self.process is not None else self._next

    def look(self) -> str:
        """Starts the command when it is its time; what there is to tell, or nothing."""
        now = time.monotonic()
        if self.process is not None and now >= self._end:
            self.stop()
            return "does not end"
        if self.process is None and self._next is not None and now >= self._next:
            null = os.open(os.devnull, os.O_RDWR)
            try:
                place = Place(dict.fromkeys((0, 1, 2), null))
                argv = [_SHELL, "-c", self._command]
                self.process = spawn(argv, self._environ, place, self._signals).process
            finally:
                os.close(null)
        return ""

    def ended(self, code: int) -> str:
        """The process has ended with this exit code; what there is to tell, or nothing."""
        self.process = None
        if code == 0:
            self._next = None
            return "is healthy"
        self._next = time.monotonic() + _EVERY
        if self._next < self._end:
            return ""
        self._next = None
        return f"is not healthy: the health command ends with {code}"

    def stop(self) -> None:
        """Asks no more."""
        self._next = None
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process, signal.SIGKILL)
