"""One stream of the child on its way to one of ours, and the keys on their way to the child."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
import sys
import time

from envguard.launch.redaction import WAIT, Stream

_PIECE = 65536
_BACKLOG = 4 * _PIECE
"""The bytes that wait for a slow reader before the child has to wait, too."""

_BUFFER = 4 * _PIECE
"""More bytes than a pipe or a terminal keeps: 65,536 (pipe(7)) and less."""

_READER_GONE = (errno.EPIPE, errno.EIO, errno.ECONNRESET)


class Channel:
    """What the child writes into `source`, masked, into our descriptor `sink`."""

    def __init__(self, source: int, sink: int, stream: Stream) -> None:
        self.source: int | None = source
        self.sink = sink
        self.problem = ""
        """What the system says where the sink refuses more, except that nobody reads it."""
        self._stream = stream
        self._waiting = memoryview(b"")
        self._silent_from = 0.0
        self._left = sys.maxsize
        os.set_blocking(source, False)
        self._at_once = _PIECE
        self._into = sink
        kind = os.fstat(sink).st_mode
        if stat.S_ISFIFO(kind) and (own := _reopened(sink)) is not None:
            self._into = own
        elif not stat.S_ISREG(kind):
            # What select() promises of a pipe: a write of so many bytes does not wait.
            self._at_once = select.PIPE_BUF

    @property
    def wants_to_read(self) -> bool:
        """Whether more may come."""
        return self.source is not None and len(self._waiting) < _BACKLOG

    @property
    def wants_to_write(self) -> bool:
        """Whether something waits for the sink."""
        return bool(self._waiting)

    @property
    def deadline(self) -> float | None:
        """When `release` is due, as time.monotonic() counts."""
        if not self._silent_from or not self._stream.holding:
            return None
        return self._silent_from + WAIT

    def read(self) -> None:
        """Takes what the child has written."""
        if self.source is None:
            return
        try:
            data = os.read(self.source, _PIECE)
        except BlockingIOError:
            return
        except OSError:  # EIO: the last process has closed the terminal
            data = b""
        if data:
            self._push(self._stream.feed(data))
            self._left -= len(data)
        if not data or self._left <= 0:
            self.close()
        self._silent_from = time.monotonic()

    def release(self) -> None:
        """Shows what may be shown, when the child has paused."""
        self._silent_from = 0.0
        self._push(self._stream.release())

    def expect_no_more(self) -> None:
        """The child has ended: what it wrote is in the system's buffer, and no more is taken.
        Others may hold the stream open, and write, for days."""
        self._left = _BUFFER

    def close(self) -> None:
        """Nothing more will come."""
        if self.source is not None:
            os.close(self.source)
            self.source = None
            self._push(self._stream.close())

    def write(self) -> None:
        """Hands over what waits, as much as the sink takes without making us wait."""
        try:
            while self._waiting:
                written = os.write(self._into, self._waiting[: self._at_once])
                self._waiting = self._waiting[written:]
                if self._at_once < _PIECE and not select.select([], [self.sink], [], 0)[1]:
                    break
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno not in _READER_GONE:
                self.problem = (error.strerror or type(error).__name__).lower()
            # The child's next write fails, as it would have failed without us.
            self.close()
            self._waiting = memoryview(b"")

    def leave(self) -> None:
        """Writes no more."""
        if self._into != self.sink:
            os.close(self._into)
            self._into = self.sink

    def _push(self, data: bytes) -> None:
        if data:
            self._waiting = memoryview(bytes(self._waiting) + data)


def _reopened(pipe: int) -> int | None:
    """The same pipe, so that a write that would have to wait fails instead, and without changing
    that for the others who have it open; None where the system cannot (all but Linux, proc(5))."""
    try:
        return os.open(f"/proc/self/fd/{pipe}", os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


class Keyboard:
    """What is typed on our terminal `source`, on its way to `sink`: our end of the child's."""

    def __init__(self, source: int, sink: int) -> None:
        self.source: int | None = source
        self.sink = sink
        self._waiting = b""

    @property
    def wants_to_read(self) -> bool:
        """Whether more may be typed."""
        return self.source is not None and not self._waiting

    @property
    def wants_to_write(self) -> bool:
        """Whether something waits until the child takes it."""
        return bool(self._waiting)

    def read(self) -> None:
        """Takes what was typed."""
        if self.source is None:
            return
        try:
            self._waiting = os.read(self.source, 4096)
        except OSError:
            self._waiting = b""
        if not self._waiting:
            self.source = None

    def write(self) -> None:
        """Hands it over, as much as the child's terminal takes."""
        try:
            self._waiting = self._waiting[os.write(self.sink, self._waiting) :]
        except BlockingIOError:
            return
        except OSError:
            self._waiting = b""
            self.source = None

    def close(self) -> None:
        """Nobody listens any more."""
        self._waiting = b""
        self.source = None
        with contextlib.suppress(OSError):
            os.close(self.sink)
