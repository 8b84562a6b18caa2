"""The signals that reach a supervisor: caught before a child exists, read one by one."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Any

from envguard.launch.execute import restore_signals

# Not to be caught (signal(7)), faults of our own code, and the write to a reader that is gone.
_LEFT_ALONE = "SIGKILL SIGSTOP SIGSEGV SIGBUS SIGFPE SIGILL SIGTRAP SIGSYS SIGEMT SIGPIPE".split()


class Signals:
    """Catches every signal that can be passed on, between `with` and its end.

    `descriptor` is readable when one has come. Signals that were ignored stay ignored, as they
    would be for the program itself.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._mask: set[signal.Signals] = set()
        self.descriptor, self._written = os.pipe()

    def __enter__(self) -> Signals:
        for descriptor in (self.descriptor, self._written):
            os.set_blocking(descriptor, False)
        # Python writes the number of each signal that it catches into this pipe.
        self._wakeup = signal.set_wakeup_fd(self._written, warn_on_full_buffer=False)
        self._mask = set(signal.pthread_sigmask(signal.SIG_BLOCK, []))  # type: ignore[arg-type]  # a mask may hold numbers
        left = {getattr(signal, name) for name in _LEFT_ALONE if hasattr(signal, name)}
        for number in signal.valid_signals() - left:
            before = signal.getsignal(number)
            if before is not None and (before is not signal.SIG_IGN or number == signal.SIGCHLD):
                self._before[number] = before
                signal.signal(number, _noted)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, before in self._before.items():
            signal.signal(number, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        os.close(self.descriptor)
        os.close(self._written)

    def read(self) -> bytes:
        """The numbers of the signals that have come since the last call, in their order."""
        try:
            return os.read(self.descriptor, 4096)
        except BlockingIOError:
            return b""

    def restore(self) -> None:
        """In a child that was just forked: as if none had been caught."""
        for number, before in self._before.items():
            signal.signal(number, before)
        restore_signals()
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Nothing: the number is in the pipe."""
