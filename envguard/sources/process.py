"""One running child: fed from a thread, its complaints drained by another, so nothing blocks."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from io import BufferedReader, FileIO
from pathlib import Path
from typing import cast

if sys.platform == "linux":
    import fcntl

CHUNK = 1 << 20
"""Bytes of one large read; also what a pipe may hold on Linux without privileges (pipe(7))."""

COMPLAINTS = 1 << 16
"""Bytes of standard error that are kept."""


class Process:
    """A started child whose standard output is read through `output` in large chunks.

    `feed` gives the pieces of its standard input; it is iterated in a thread, and an error that
    it raises comes out of `finish`. Every Process must be finished or killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        feed: Iterable[bytes] | None = None,
    ) -> None:
        self._child = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        # Unbuffered as asked, so these are FileIO; typeshed cannot know.
        stdout, self._stderr = cast(FileIO, self._child.stdout), cast(FileIO, self._child.stderr)
        _widen(stdout)
        self.output = BufferedReader(stdout, CHUNK)
        self._complaints = bytearray()
        self._failure: BaseException | None = None
        self._threads = [threading.Thread(target=self._drain, daemon=True)]
        if feed is not None:
            pour = (feed, cast(FileIO, self._child.stdin))
            self._threads.append(threading.Thread(target=self._pour, args=pour, daemon=True))
        for thread in self._threads:
            thread.start()

    def finish(self) -> tuple[int, str]:
        """Waits for the end; the exit code and what the child wrote to standard error."""
        code = self._child.wait()
        self._close()
        if self._failure is not None:
            raise self._failure
        return code, self._complaints.decode("utf-8", "backslashreplace")

    def kill(self) -> None:
        """Ends the child, if it still runs, and everything around it."""
        self._child.kill()
        self._child.wait()
        self._close()

    def _close(self) -> None:
        for thread in self._threads:
            thread.join()
        self.output.close()
        self._stderr.close()

    def _drain(self) -> None:
        while piece := self._stderr.read(COMPLAINTS):
            self._complaints += piece[: COMPLAINTS - len(self._complaints)]

    def _pour(self, feed: Iterable[bytes], sink: FileIO) -> None:
        try:
            for piece in feed:
                rest = memoryview(piece)
                while rest:
                    rest = rest[sink.write(rest) :]
        except BrokenPipeError:
            pass  # The child has ended; its exit code says why.
        except BaseException as error:  # noqa: BLE001 - carried over to the thread that waits
            self._failure = error
            self._child.kill()
        finally:
            with contextlib.suppress(OSError):
                sink.close()


def _widen(pipe: FileIO) -> None:
    """Lets a pipe hold a whole chunk where the system allows it: fewer switches."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, CHUNK)
