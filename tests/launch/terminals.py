"""Programs in a real terminal: what a test types, and what is seen there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PATIENCE = 20.0  # seconds; a busy machine is no failure


class InTerminal:
    """A program that leads a session on a terminal of its own, 24 lines of 80 characters.

    `streams` are descriptors that it gets in place of the terminal.
    """

    def __init__(
        self,
        argv: Sequence[str],
        environ: Mapping[str, str],
        folder: Path,
        streams: Mapping[int, int] | None = None,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        self.master, slave = os.openpty()
        self.seen = b""
        self.status: int | None = None
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.settings = termios.tcgetattr(slave)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
                for number in (0, 1, 2):
                    os.dup2((streams or {}).get(number, slave), number)
                os.closerange(3, 1 << 16)
                os.chdir(folder)
                prepare()
                os.execvpe(argv[0], list(argv), dict(environ))  # noqa: S606 - a test's program
            finally:
                os._exit(99)
        self.slave = slave

    def __enter__(self) -> InTerminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.status is None:
            # The session's other groups get a hangup when the terminal is gone.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.slave)
        os.close(self.master)

    def type(self, text: str) -> None:
        """Types keys: `\\x03` is Ctrl-C."""
        os.write(self.master, text.encode())

    def resize(self, lines: int, columns: int) -> None:
        """Changes the window's size."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, seconds: float) -> bytes:
        """What comes within a time, which is also added to `seen`."""
        if not select.select([self.master], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return b""
        self.seen += data
        return data

    def expect(self, pattern: str, seconds: float = PATIENCE) -> re.Match[bytes]:
        """Waits until what is seen matches, and takes it away up to the end of the match."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern.encode(), self.seen)
            if found is not None:
                self.seen = self.seen[found.end() :]
                return found
            assert time.monotonic() < end, (pattern, self.seen)
            self.read(0.05)

    def quiet(self, seconds: float = 0.3) -> bytes:
        """What is seen until nothing has come for a while."""
        while self.read(seconds):
            pass
        return self.seen

    def end(self, seconds: float = PATIENCE) -> int:
        """Waits for the program's end; its exit code, or minus the signal."""
        end = time.monotonic() + seconds
        while True:
            found, status = os.waitpid(self.pid, os.WNOHANG)
            if found:
                self.status = status
                while self.read(0):
                    pass
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < end, self.seen
            self.read(0.02)

    @property
    def is_as_before(self) -> bool:
        """Whether the terminal's settings are those that it began with."""
        return termios.tcgetattr(self.slave) == self.settings
