"""The parent that stays beside a child: for `--redact` and `--watch`."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable

from envguard.core.errors import EnvguardError
from envguard.core.text import printable
from envguard.launch.health import Health
from envguard.launch.job import ENDING, Job
from envguard.launch.program import Program
from envguard.launch.redaction import Redactor
from envguard.launch.signals import Signals
from envguard.launch.terminal import Terminal
from envguard.launch.watch import Watch

_OFTEN = 0.05  # seconds between two looks at a group that has to end
_KILLED = 1.0  # seconds until killed processes are gone
_NAMED = 5  # keys in one message


def supervise(
    program: Program,
    *,
    redact: bool,
    watch: Watch | None,
    tell: Callable[[str], None],
    complain: Callable[[EnvguardError], None],
) -> int:
    """Runs a program to its end and returns its exit code, 128+n where signal n ended it.

    With `redact` its values are masked in what it writes. With `watch` another program takes its
    place when that says so: it gets SIGTERM, then what it leaves behind in its group, and after
    the grace both get SIGKILL. `tell` gets what a person should know, `complain` what is wrong
    while the child goes on. Raises what `execute` raises, before anything has run.
    """
    with Signals() as signals:
        supervisor = _Supervisor(program, signals, redact, watch, tell, complain)
        try:
            return supervisor.run()
        finally:
            supervisor.leave()


class _Supervisor:
    def __init__(
        self,
        program: Program,
        signals: Signals,
        redact: bool,
        watch: Watch | None,
        tell: Callable[[str], None],
        complain: Callable[[EnvguardError], None],
    ) -> None:
        self.program = program
        self.signals = signals
        self.redact = redact
        self.watch = watch
        self.tell = tell
        self.complain = complain
        self.terminal = Terminal.controlling()
        self.secret = list(program.secret)
        self.following: Program | None = None
        self.deadline = 0.0
        self.health: Health | None = None
        self.code = 0
        self.job = self.start()

    def run(self) -> int:
        """The loop: streams, signals, processes that have ended, changes."""
        while True:
            self.job.serve(self.patience())
            for number in self.signals.read():
                self.receive(number)
            self.reap()
            if self.following is not None:
                self.replace()
            elif self.job.process is None:
                return self.code
            elif self.watch is not None:
                self.look(self.watch)
            reading = self.watch is not None and self.watch.is_reading
            if self.health is not None and not reading:  # no fork beside a thread
                self.say(self.health.look())

    def start(self) -> Job:
        """Starts the program, with a table of its values and of all that came before."""
        redactor = Redactor(self.secret) if self.redact else None
        if redactor is not None and redactor.unmasked:
            names = ", ".join(map(printable, redactor.unmasked))
            self.say(f"too short to be masked: {names}")
        if self.watch is not None:
            self.watch.begin(self.program)
        return Job(self.program, redactor, self.terminal, self.signals)

    def patience(self) -> float | None:
        """The seconds until something is due, None: nothing is."""
        if self.following is not None:
            return _OFTEN
        due = [self.watch.wake_at] if self.watch is not None else []
        if self.health is not None and self.health.wake_at is not None:
            due.append(self.health.wake_at)
        return max(0.0, min(due) - time.monotonic()) if due else None

    def receive(self, number: int) -> None:
        """A signal to us."""
        if number == signal.SIGCHLD:
            return
        if number in ENDING and self.following is not None:
            # Whoever ends us wants no new child.
            self.following = None
            if self.job.process is None:
                self.code = 128 + number
        self.job.receive(number)

    def reap(self) -> None:
        """Collects the processes that have ended or stopped."""
        status = self.job.status()
        if status is not None:
            self.changed(status)
        if self.health is not None and self.health.process is not None:
            self.collect(self.health.process)
        # As process 1 we get every orphan. The children of a thread that is reading values are
        # that thread's to wait for.
        if self.watch is None or not self.watch.is_reading:
            while self.collect(-1):
                pass

    def collect(self, process: int) -> bool:
        """Takes notice of one process (-1: any) that has ended, and whether there was one."""
        try:
            found, status = os.waitpid(process, os.WNOHANG)
        except ChildProcessError:
            return False
        if found != 0 and found == self.job.process:
            self.changed(status)
        elif found != 0 and self.health is not None and found == self.health.process:
            self.say(self.health.ended(_code(status)))
        return found != 0

    def changed(self, status: int) -> None:
        """The child has ended or stopped."""
        if os.WIFSTOPPED(status):
            if self.following is not None:
                self.job.send(signal.SIGCONT)  # it has to end
            else:
                self.job.stopped(os.WSTOPSIG(status))
            return
        self.job.process = None
        if self.following is not None:
            self.job.send(signal.SIGTERM)  # to what it has left behind
        cut = self.job.finish()
        self.code = 128 + cut if cut else _code(status)
        for problem in self.job.connection.problems:
            self.say(f"the output could not be written: {problem}")

    def look(self, watch: Watch) -> None:
        """Ends the child where another program should run."""
        found = watch.look(self.program)
        if isinstance(found, EnvguardError):
            with self.cooked():
                self.complain(found)
        elif found is not None:
            self.say(f"{_changed(self.program, found)} changed: starting the command again")
            self.following = found
            self.deadline = time.monotonic() + watch.settings.grace
            if self.health is not None:
                self.health.stop()
            self.job.receive(signal.SIGTERM)
            self.job.send(signal.SIGCONT)

    def replace(self) -> None:
        """Starts the following program when nothing of the last one is left."""
        late = time.monotonic() - self.deadline
        if late > 0:
            self.job.send(signal.SIGKILL)
        if self.job.process is not None or (late < _KILLED and self.job.send(0)):
            return
        assert self.following is not None  # noqa: S101 - its only caller has looked
        self.job.leave()
        self.program, self.following = self.following, None
        self.secret += self.program.secret
        self.job = self.start()
        if self.watch is not None and self.watch.settings.health:
            command = self.watch.settings.health
            self.health = Health(command, self.program.environ, self.signals)

    def say(self, message: str) -> None:
        """Tells something, unless it is nothing."""
        if message:
            with self.cooked():
                self.tell(message)

    def cooked(self) -> contextlib.AbstractContextManager[None]:
        """Our terminal as it was, for a text of ours."""
        return contextlib.nullcontext() if self.terminal is None else self.terminal.cooked()

    def leave(self) -> None:
        """Leaves everything as it was."""
        if self.health is not None:
            self.health.stop()
        self.job.leave()
        if self.terminal is not None:
            os.close(self.terminal.descriptor)


def _code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _changed(old: Program, new: Program) -> str:
    everything = {*old.environ, *new.environ}
    names = sorted(key for key in everything if old.environ.get(key) != new.environ.get(key))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(map(printable, names[:_NAMED])) + more
