"""Starting a child beside us, as faithfully as `execute` starts one in our place."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from typing import NamedTuple, NoReturn

from envguard.launch import monitor
from envguard.launch.command import find
from envguard.launch.execute import check, flush, refused, replace
from envguard.launch.signals import Signals


class Place(NamedTuple):
    """Where a child runs: which of its descriptors are others than ours, and its terminal.

    `streams` are the descriptors that it gets in place of ours of that number. `session` is a
    terminal that it gets with a new session; `foreground` is ours, where it takes the foreground.
    It leads a process group of its own in any case.
    """

    streams: Mapping[int, int] = {}
    session: int | None = None
    foreground: int | None = None


class Child:
    """A child that runs. `process` is its id, and its group's. `descriptor`, where there is one,
    becomes readable when `status` has news; else SIGCHLD says so."""

    def __init__(self, process: int, reports: int | None = None, parent: int | None = None) -> None:
        self.process = process
        self.descriptor = reports
        self._parent = parent

    def status(self) -> int | None:
        """How it has stopped or ended, as waitpid gives it; None: it runs on."""
        if self.descriptor is None:
            found, waited = os.waitpid(self.process, os.WNOHANG | os.WUNTRACED)
            return waited if found else None
        status = monitor.read(self.descriptor)
        if status is not None and not os.WIFSTOPPED(status):
            os.close(self.descriptor)
            self.descriptor = None
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._parent or 0, 0)
        return status


def spawn(argv: Sequence[str], environ: Mapping[str, str], place: Place, signals: Signals) -> Child:
    """Starts `argv` with exactly `environ`.

    Descriptors, umask, limits, folder and ignored signals are ours. Returns when the program
    runs; raises what `execute` raises where it cannot.
    """
    path = find(argv[0], environ)
    check(argv, environ)
    flush()
    failed, failing = os.pipe()
    reports, reporting = os.pipe() if place.session is not None else (None, None)
    # A signal that comes between fork and exec must find the child without our handlers.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        process = os.fork()
        if process == 0:
            _become(path, argv, environ, place, signals, failing, reporting)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        os.close(failing)
        if reporting is not None:
            os.close(reporting)
    with open(failed, "rb") as report:  # noqa: PTH123 - a descriptor
        number = report.read()
    if number:
        os.waitpid(process, 0)
        if reports is not None:
            os.close(reports)
        code = int(number)
        raise refused(path, argv, environ, OSError(code, os.strerror(code)))
    if reports is None:
        return Child(process)
    return Child(monitor.child_of(reports), reports, process)


def _become(
    path: str,
    argv: Sequence[str],
    environ: Mapping[str, str],
    place: Place,
    signals: Signals,
    failing: int,
    reporting: int | None,
) -> NoReturn:
    try:
        if place.session is not None and reporting is not None:
            monitor.begin(place.session, reporting)
        os.setpgid(0, 0)
        terminal = place.foreground if place.session is None else place.session
        if terminal is not None:
            os.tcsetpgrp(terminal, os.getpid())
        for number, descriptor in place.streams.items():
            os.dup2(descriptor, number)
        signals.restore()
        failure = replace(path, argv, environ)
        os.write(failing, str(failure.errno).encode())
    except OSError as error:
        os.write(failing, str(error.errno).encode())
    finally:
        os._exit(127)
