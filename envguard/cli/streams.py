"""The standard streams as a caller may leave them: closed, full, gone, or of a small encoding."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path
from typing import Any

from envguard.core.errors import UsageError

_TO_FILE = "make room, or use --output FILE"


class ReaderGone(Exception):
    """Whoever read our standard output has ended."""


def prepare() -> None:
    """Makes the streams of this process usable, whatever is behind them.

    Python has None for a closed stream. Standard input and output refuse their use then, so that
    nothing is read as empty and nothing passes as written; complaints go nowhere. Output that
    cannot be written raises ReaderGone or UsageError, which no one takes for a failure of
    something else. Characters that its encoding lacks are written as backslash escapes.
    """
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(_Closed("standard input")))
    output = sys.stdout
    is_own = output is sys.__stdout__  # else a test's
    if output is None:
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(_Closed("standard output")))
    elif is_own and sys.platform != "win32":  # whose console takes no bytes
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(_Output(output.fileno())),
            encoding=output.encoding,
            errors="backslashreplace",
            line_buffering=output.isatty(),
        )
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - open to the end


def finish() -> None:
    """Writes what is still in the buffer of standard output; for a call that has failed anyway."""
    with contextlib.suppress(UsageError, ReaderGone):
        sys.stdout.flush()


def write_last(text: str) -> None:
    """Writes to standard output, where anybody still reads it; for a call that has failed."""
    with contextlib.suppress(UsageError, ReaderGone):
        sys.stdout.write(text)


def say(message: str) -> None:
    """Tells the person something on standard error; nobody there to read it is no failure."""
    try:
        print(message, file=sys.stderr, flush=True)
    except OSError:
        silence()


def silence() -> None:
    """Lets standard error go nowhere: what a failed write left in its buffer would fail again at
    the exit, with an exit code of Python's own."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


class _Output(io.FileIO):
    """A standard output whose first failure is told, and the rest of it dropped."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._lost = False

    def write(self, data: Any) -> int:
        if self._lost:
            return len(data)
        try:
            return super().write(data)
        except OSError as error:
            self._lost = True
            if isinstance(error, BrokenPipeError):
                raise ReaderGone from None
            reason = (error.strerror or type(error).__name__).lower()
            raise UsageError(f"standard output cannot be written: {reason}", _TO_FILE) from None


class _Closed(io.RawIOBase):
    """A stream that the caller has closed: its first use is an error."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._told = False

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        self._tell("pipe a text into it")
        return 0

    def write(self, data: Any) -> int:
        self._tell("leave it open, or use --output FILE")
        return len(data)

    def _tell(self, hint: str) -> None:
        if not self._told:
            self._told = True
            raise UsageError(f"{self._name} is closed", hint)
