"""What must end with this process, also where SIGTERM ends it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


class Ending:
    """Makes SIGTERM call `stop` first, where it would end this process at once. One begun later
    is stopped earlier, and is to be closed earlier."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._previous: Any = None

    def begin(self) -> None:
        """From now on; only signals to the main thread are seen."""
        current = signal.getsignal(signal.SIGTERM)
        is_ours = isinstance(getattr(current, "__self__", None), Ending)
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and (current == signal.SIG_DFL or is_ours):
            self._previous = signal.signal(signal.SIGTERM, self._end)

    def close(self) -> None:
        """No longer: what was before is back."""
        if self._previous is not None:
            signal.signal(signal.SIGTERM, self._previous)
            self._previous = None

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self._stop()
        # What was before does the rest: an earlier one, and at last the system.
        signal.signal(number, self._previous)
        os.kill(os.getpid(), number)
