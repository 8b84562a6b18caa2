"""Forked workers that share out numbered tasks, and the pipes between them and us."""

from __future__ import annotations

import contextlib
import gc
import marshal
import os
import selectors
import signal
import struct
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

from envguard.jobs.scan.carried import DONE, error_of, lost, told
from envguard.sources.ending import Ending

Answer = TypeVar("Answer")
"""What marshal takes: None, numbers, text, bytes, and plain tuples, lists, dicts, sets of these."""

_NUMBER = struct.Struct("=I")  # one task, in the pipe that all workers read from
_HEAD = struct.Struct("=IBQ")  # one answer: its task, how it went, how many bytes follow
_TICK = 0.2  # seconds
_BATCH = 128 * _NUMBER.size  # bytes; what POSIX lets a pipe take as a whole (PIPE_BUF)
_PIECE = 1 << 16  # bytes of one read; what a pipe holds by default (pipe(7))


class Crew(Generic[Answer]):
    """Workers that start when its `with` block is entered: before the caller starts threads, and
    processes whose pipes they would hold open. Its end kills those that still run."""

    def __init__(self, work: Callable[[int], Answer], tasks: int, workers: int) -> None:
        self._work = work
        self._count = workers
        self._missing = set(range(tasks))
        self._numbers = iter(range(tasks))
        self._unsent = b""
        self._sink = -1  # where task numbers go in, while there are any
        self._pids: dict[int, int] = {}  # pipe with answers -> who writes into it
        self._buffers: dict[int, bytearray] = {}
        self._ending = Ending(self._kill_now)

    def __enter__(self) -> Crew[Answer]:
        # A signal must find the caller's code or a worker's, and nothing in between.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        gc.freeze()  # the collector of a worker would copy the pages of all that it visits
        try:
            self._start(mask)
            gc.unfreeze()
            self._ending.begin()
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)  # raises what came meanwhile
        except BaseException:
            self._kill()
            gc.unfreeze()
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()

    def answers(self, tick: Callable[[], None] | None = None) -> Iterator[tuple[int, Answer]]:
        """Each task number with its answer, as they come; `tick` as in `spread`."""
        with selectors.DefaultSelector() as selector:
            for output in self._pids:
                selector.register(output, selectors.EVENT_READ)
            if self._sink >= 0:
                selector.register(self._sink, selectors.EVENT_WRITE)
            while self._pids:
                ready = selector.select(_TICK)
                if tick is not None:
                    tick()
                for key, _ in ready:
                    if key.fd == self._sink:
                        selector.unregister(self._sink)
                        if not self._feed():
                            selector.register(self._sink, selectors.EVENT_WRITE)
                        continue
                    piece = os.read(key.fd, _PIECE)
                    if piece:
                        self._buffers[key.fd] += piece
                        yield from self._whole(self._buffers[key.fd])
                    else:
                        selector.unregister(key.fd)
                        self._reap(key.fd)
        if self._missing:
            raise lost("did not do all of its work")

    def _start(self, mask: Any) -> None:
        source, self._sink = os.pipe()
        try:
            os.set_blocking(self._sink, False)
            self._feed()
            for _ in range(self._count):
                self._fork(source, mask)
        finally:
            os.close(source)

    def _fork(self, source: int, mask: Any) -> None:
        output, sink = os.pipe()
        parent = os.getpid()
        with warnings.catch_warnings():
            # Python 3.12 warns of threads, whose locks would stay taken: a worker takes none.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid:
            os.close(sink)
            self._pids[output] = pid
            self._buffers[output] = bytearray()
            return
        code = 1
        try:
            # Pipes of the others: while a worker holds them, their end does not show.
            for other in (output, self._sink, *self._pids):
                if other >= 0:
                    os.close(other)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            _serve(self._work, source, sink, parent)
            code = 0
        except BrokenPipeError:
            pass  # nobody waits for the answer any more
        finally:
            os._exit(code)

    def _feed(self) -> bool:
        """Writes task numbers as far as the pipe takes them; whether these were all."""
        while True:
            if not self._unsent:
                batch = islice(self._numbers, _BATCH // _NUMBER.size)
                self._unsent = b"".join([_NUMBER.pack(number) for number in batch])
            if not self._unsent:
                os.close(self._sink)
                self._sink = -1
                return True
            try:
                os.write(self._sink, self._unsent)
            except BlockingIOError:
                return False
            self._unsent = b""

    def _whole(self, buffer: bytearray) -> Iterator[tuple[int, Answer]]:
        """Takes the whole answers out of what a worker has sent."""
        while len(buffer) >= _HEAD.size:
            number, outcome, size = _HEAD.unpack_from(buffer)
            end = _HEAD.size + size
            if len(buffer) < end:
                return
            # Our own worker wrote this, in this very process image: marshal fits.
            content = marshal.loads(bytes(buffer[_HEAD.size : end]))  # noqa: S302
            del buffer[:end]
            if outcome != DONE:
                raise error_of(outcome, content)
            self._missing.remove(number)
            yield number, content

    def _reap(self, output: int) -> None:
        """Ends with a worker that has closed its pipe."""
        _, status = os.waitpid(self._pids.pop(output), 0)
        os.close(output)
        code = os.waitstatus_to_exitcode(status)
        if code < 0:
            raise lost(f"was ended by signal {-code}")
        if code or self._buffers[output]:
            raise lost("ended by itself")

    def _kill(self) -> None:
        self._kill_now()
        while self._pids:
            output, pid = self._pids.popitem()
            os.close(output)
            os.waitpid(pid, 0)
        if self._sink >= 0:
            os.close(self._sink)
            self._sink = -1
        self._ending.close()

    def _kill_now(self) -> None:
        for pid in self._pids.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _serve(work: Callable[[int], Answer], source: int, sink: int, parent: int) -> None:
    """What a worker does: takes tasks until there are none, or nobody is left to ask for them."""
    while os.getppid() == parent:
        taken = os.read(source, _NUMBER.size)
        if not taken:
            return
        (number,) = _NUMBER.unpack(taken)
        outcome, content = DONE, b""
        try:
            answer: Any = work(number)  # marshal itself says what it does not take
            content = marshal.dumps(answer)
        except BaseException as error:  # noqa: BLE001 - carried over to the process that waits
            outcome, content = told(error)
        message = memoryview(_HEAD.pack(number, outcome, len(content)) + content)
        while message:
            message = message[os.write(sink, message) :]
        if outcome != DONE:
            return
