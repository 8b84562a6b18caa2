"""The process between us and a child that has a terminal of its own.

It leads the session of that terminal. A group is stopped by Ctrl-Z only where one of its parents
is in another group of the same session (POSIX, orphaned process group, XBD 3.247,
https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap03.html), and we are not.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import termios

_LINE = 16  # bytes of one report: a number, blanks, a line feed


def begin(terminal: int, reports: int) -> None:
    """In a process just forked, with every signal blocked: leads a session on `terminal`, and
    forks again. Returns in the new process alone; the old one reports into `reports`."""
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    child = os.fork()
    if child == 0:
        return
    try:
        _report(reports, child)
        # The streams are the child's alone, and so is the end of the terminal.
        first, second = sorted((terminal, reports))
        for begin, end in ((0, first), (first + 1, second), (second + 1, _highest())):
            os.closerange(begin, end)
        while True:
            _, status = os.waitpid(child, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                # The end of a session hangs up on its foreground. What the child has left
                # running there lives on, as it would on our terminal.
                with contextlib.suppress(OSError):  # it was hung up
                    os.tcsetpgrp(terminal, os.getpid())
                _report(reports, status)
                break
            _report(reports, status)
    finally:
        os._exit(0)


def child_of(reports: int) -> int:
    """The id of the child, which the first report has. Waits for it."""
    return int(os.read(reports, _LINE))


def read(reports: int) -> int | None:
    """The next status of the child, as waitpid gives it; None: there is none yet. Where nobody
    is left to report, it counts as killed."""
    os.set_blocking(reports, False)
    try:
        line = os.read(reports, _LINE)
    except BlockingIOError:
        return None
    return int(line) if line else signal.SIGKILL


def _report(reports: int, number: int) -> None:
    os.write(reports, str(number).ljust(_LINE - 1).encode() + b"\n")


def _highest() -> int:
    limit: int = os.sysconf("SC_OPEN_MAX")
    return min(limit if limit > 0 else 1 << 20, 1 << 20)
