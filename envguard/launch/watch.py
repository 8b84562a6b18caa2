"""Noticing that the files, or the values behind their references, have changed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from envguard.core.errors import EnvguardError
from envguard.launch.command import find
from envguard.launch.execute import check
from envguard.launch.program import Program

LOOK_EVERY = 0.5
"""Seconds between two looks at the files."""

_READING_EVERY = 0.05


class Settings(NamedTuple):
    """How to watch. `interval` is how often the backends are read again, `grace` how long a child
    may take to end before it is killed, both in seconds. `health` is a shell command that
    succeeds when a restarted child is ready."""

    interval: float = 30.0
    grace: float = 10.0
    health: str = ""


class Watch:
    """Looks at the files of a program, and reads it again when they change or an interval is over.

    `read` gives the program as it would be started now, and may take its time: it runs in a
    thread of its own.
    """

    def __init__(self, read: Callable[[], Program], settings: Settings) -> None:
        self.settings = settings
        self._read = read
        self._files: Sequence[Path] = ()
        self._marks: list[tuple[int, int, int] | None] = []
        self._changing = False
        self._next_look = 0.0
        self._next_read = 0.0
        self._reading: _Reading | None = None
        self._told = ""

    @property
    def is_reading(self) -> bool:
        """Whether the thread is at work."""
        return self._reading is not None

    @property
    def wake_at(self) -> float:
        """When to call `look` again, as time.monotonic() counts."""
        return self._next_look

    def begin(self, program: Program) -> None:
        """Watches the files of a program that is about to start."""
        self._files = program.files
        self._marks = [_mark(file) for file in self._files]
        self._next_look = time.monotonic() + LOOK_EVERY
        self._next_read = time.monotonic() + self.settings.interval

    def look(self, running: Program) -> Program | EnvguardError | None:
        """The program that should run instead of `running`; or why that cannot be known, once
        for each reason; or None."""
        now = time.monotonic()
        if now < self._next_look:
            return None
        if self._reading is not None:
            return self._result(self._reading, running)
        self._next_look = now + LOOK_EVERY
        marks = [_mark(file) for file in self._files]
        if marks != self._marks:
            # An editor may be in the middle of it: wait until two looks see the same.
            self._marks, self._changing = marks, True
        elif self._changing or now >= self._next_read:
            self._changing = False
            self._reading = _Reading(self._read)
            self._reading.start()
            self._next_look = now + _READING_EVERY
        return None

    def _result(self, reading: _Reading, running: Program) -> Program | EnvguardError | None:
        now = time.monotonic()
        self._next_look = now + _READING_EVERY
        if reading.is_alive():
            return None
        reading.join()
        self._reading = None
        self._next_look = now + LOOK_EVERY
        self._next_read = now + self.settings.interval
        found = reading.result()
        if isinstance(found, EnvguardError):
            told, self._told = self._told, found.what
            return found if found.what != told else None
        self._told = ""
        if found.files != self._files:
            self._files = found.files
            self._marks = [_mark(file) for file in self._files]
        return found if found.environ != running.environ else None


class _Reading(threading.Thread):
    """Reads the program once. A daemon: a backend that hangs does not keep us."""

    def __init__(self, read: Callable[[], Program]) -> None:
        super().__init__(daemon=True)
        self._read = read
        self._found: Program | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """In the thread."""
        try:
            found = self._read()
            find(found.argv[0], found.environ)
            check(found.argv, found.environ)
            self._found = found
        except BaseException as error:  # noqa: BLE001 - a bug is raised in the main thread
            self._error = error

    def result(self) -> Program | EnvguardError:
        """What it has found, or why it cannot be read."""
        if self._found is not None:
            return self._found
        if isinstance(self._error, EnvguardError):
            return self._error
        raise self._error or SystemExit


def _mark(file: Path) -> tuple[int, int, int] | None:
    """Time of change, size and inode, of which a change leaves at most two as they are."""
    try:
        found = os.stat(file)  # noqa: PTH116 - the cheaper one, twice a second
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
