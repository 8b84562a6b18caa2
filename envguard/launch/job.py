"""A child as a job: its process group, its terminal, its streams; stopped and continued with us.

The child leads a process group of its own, so that a signal reaches it once, through us, whoever
sent it to whom; the keys of a terminal reach it where it is in the foreground, or has a terminal
of its own (`connection.py`). When it stops (Ctrl-Z), we stop with it; when we go on, it goes on.
"""

from __future__ import annotations

import contextlib
import os
import signal

from envguard.core.errors import EnvguardError
from envguard.launch.connection import Connection
from envguard.launch.program import Program
from envguard.launch.redaction import Redactor
from envguard.launch.signals import Signals
from envguard.launch.spawn import spawn
from envguard.launch.terminal import Terminal

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
"""Signals by which a person or a system ends a program."""

_FROM_KEYS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGWINCH)
_WANTS_TERMINAL = (signal.SIGTTIN, signal.SIGTTOU)
_PIECES = 100  # that are passed on before we stop, too
_SLOW = 0.1  # seconds between two looks at a reader who takes his time


class Job:
    """One child. `process` is its id, which is also its group's, until it has ended."""

    def __init__(
        self,
        program: Program,
        redactor: Redactor | None,
        terminal: Terminal | None,
        signals: Signals,
    ) -> None:
        self._terminal = terminal
        self._signals = signals
        if terminal is not None:
            # We may write to it, and change it, from the background.
            signal.pthread_sigmask(signal.SIG_BLOCK, _WANTS_TERMINAL)
        self.connection = Connection(redactor, terminal)
        place = self.connection.place
        self._holds_terminal = place.foreground is not None
        self.process: int | None = None
        try:
            self._child = spawn(program.argv, program.environ, place, signals)
        except EnvguardError:
            self.leave()
            raise
        self.process = self.group = self._child.process
        self.connection.started()
        self._take_keys()

    def serve(self, timeout: float | None) -> None:
        """Passes on what comes, for at most `timeout` seconds or until a signal."""
        self._serve(timeout, keys=self._in_front())

    def status(self) -> int | None:
        """How the child has stopped or ended, as waitpid gives it; None: no news."""
        return self._child.status() if self.process is not None else None

    def receive(self, number: int) -> None:
        """Passes on a signal that we got, once, as the system would have delivered it."""
        own_terminal = self.connection.has_own_terminal
        if number == signal.SIGWINCH and self.connection.resize() and own_terminal:
            return  # the system tells whoever is in the foreground there
        if number == signal.SIGCONT:
            self._go_on()
        elif number == signal.SIGHUP and self._hung_up():
            # The child's terminal hangs up, too, which only tells the leader of its session.
            self.connection.end()
            self.send(number)
        elif number in _FROM_KEYS and not own_terminal and self._in_front():
            self.send(number)
        elif self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process, number)

    def send(self, number: int) -> bool:
        """Sends a signal (0: none) to the child's whole group; whether that has anybody in it."""
        try:
            os.killpg(self.group, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def stopped(self, number: int) -> None:
        """The child was stopped by this signal: it gets what it waits for, or we stop, too."""
        if number in _WANTS_TERMINAL:
            self._holds_terminal = True
            if self._in_front():
                self._go_on()
                return
        for _ in range(_PIECES):
            if not self._serve(0, keys=False):
                break
        if self._terminal is not None:
            self._terminal.restore()
        if number == signal.SIGSTOP:
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            # The whole group that we are in, as the terminal would have done.
            before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            os.killpg(os.getpgrp(), signal.SIGTSTP)
            signal.signal(signal.SIGTSTP, before)
        # Here somebody has continued us, or there is nobody who could (an orphaned group).
        for other in self._signals.read():
            if other != signal.SIGCONT:
                self.receive(other)
        self._go_on()

    def finish(self) -> int:
        """Passes on what the child wrote before it ended; returns the signal that cut that
        short, or 0."""
        self.connection.expect_no_more()
        cut = self._write_out()
        self.connection.end()
        cut = cut or self._write_out()
        self.connection.leave()
        return cut

    def leave(self) -> None:
        """Gives our terminal back as it was; a child that still runs has to end."""
        if self.process is not None:
            self.send(signal.SIGTERM)
        if self._terminal is not None:
            self._terminal.restore()
            if self._holds_terminal:
                self._terminal.give(os.getpgrp())

    def _write_out(self) -> int:
        """Until nothing comes and nothing waits, or one of ENDING cuts it short."""
        came = True
        while came or not self.connection.is_empty:
            wait = 0 if self.connection.is_empty else _SLOW
            came = self._serve(wait, keys=False)
            for number in self._signals.read():
                if number in ENDING:
                    return number
                if number == signal.SIGTSTP:
                    os.kill(os.getpid(), signal.SIGSTOP)
        return 0

    def _serve(self, timeout: float | None, *, keys: bool) -> bool:
        wakeups = [self._signals.descriptor]
        if self._child.descriptor is not None:
            wakeups.append(self._child.descriptor)
        return self.connection.serve(wakeups, timeout, keys=keys)

    def _go_on(self) -> None:
        if self._terminal is not None and self._in_front():
            if self._holds_terminal and self.process is not None:
                self._terminal.give(self.group)
            self._take_keys()
            self.connection.resize()
        self.send(signal.SIGCONT)

    def _take_keys(self) -> None:
        if self.connection.has_own_terminal and self._terminal is not None and self._in_front():
            self._terminal.raw()

    def _in_front(self) -> bool:
        """Whether we are in the foreground of our terminal."""
        return self._terminal is not None and self._terminal.belongs_to(os.getpgrp())

    def _hung_up(self) -> bool:
        own_terminal = self.connection.has_own_terminal
        return own_terminal and self._terminal is not None and self._terminal.is_gone
