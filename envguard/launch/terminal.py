"""Terminals: ours, which is shared with others, and those that we make for a child."""

from __future__ import annotations

import contextlib
import fcntl
import os
import termios
import tty
from collections.abc import Iterator

_SIZE = 8  # bytes of struct winsize, tty_ioctl(4)


class Terminal:
    """The controlling terminal of this process."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._saved: list[object] | None = None

    @classmethod
    def controlling(cls) -> Terminal | None:
        """Ours; None where this process has none."""
        try:
            return cls(os.open("/dev/tty", os.O_RDWR))
        except OSError:
            return None

    def belongs_to(self, group: int) -> bool:
        """Whether a process group is in the foreground: it gets the keys, and may read."""
        try:
            return os.tcgetpgrp(self.descriptor) == group
        except OSError:
            return False

    def give(self, group: int) -> None:
        """Puts a process group into the foreground. Needs SIGTTOU blocked where we are not."""
        with contextlib.suppress(OSError):  # the terminal or the group is gone
            os.tcsetpgrp(self.descriptor, group)

    def raw(self) -> None:
        """Every key is a byte from now on; what was typed already is kept."""
        if self._saved is None:
            with contextlib.suppress(termios.error):
                self._saved = termios.tcgetattr(self.descriptor)
                tty.setraw(self.descriptor, termios.TCSADRAIN)

    def restore(self) -> None:
        """As it was before `raw`."""
        if self._saved is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.descriptor, termios.TCSADRAIN, self._saved)  # type: ignore[arg-type]  # what tcgetattr gave
            self._saved = None

    @contextlib.contextmanager
    def cooked(self) -> Iterator[None]:
        """As it was before `raw`, for as long as we say something."""
        was_raw = self._saved is not None
        self.restore()
        try:
            yield
        finally:
            if was_raw:
                self.raw()

    @property
    def is_gone(self) -> bool:
        """Whether it was closed or disconnected."""
        try:
            termios.tcgetattr(self.descriptor)
        except termios.error:
            return True
        return False


def open_like(descriptor: int, *, raw_output: bool) -> tuple[int, int]:
    """A new terminal with the settings and size of another: our end, and the child's.

    With `raw_output` it leaves line ends alone, because the other one will change them.
    """
    ours, theirs = os.openpty()
    with contextlib.suppress(termios.error):
        settings = termios.tcgetattr(descriptor)
        if raw_output:
            settings[1] &= ~termios.OPOST
        termios.tcsetattr(theirs, termios.TCSANOW, settings)
    copy_size(descriptor, ours)
    return ours, theirs


def copy_size(source: int, target: int) -> bool:
    """Gives one terminal the size of another; whether that changed it. The system tells the
    processes in its foreground (SIGWINCH)."""
    try:
        size, old = (
            fcntl.ioctl(each, termios.TIOCGWINSZ, b"\0" * _SIZE) for each in (source, target)
        )
        if size != old:
            fcntl.ioctl(target, termios.TIOCSWINSZ, size)
    except OSError:
        return False
    return size != old


def same_terminal(first: int, second: int) -> bool:
    """Whether two descriptors are the same terminal."""
    try:
        return os.ttyname(first) == os.ttyname(second)
    except OSError:
        return False
