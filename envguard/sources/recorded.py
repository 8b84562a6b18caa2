"""A child whose output is kept in a file, to be read when other things are done."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from envguard.sources.ending import Ending
from envguard.sources.process import CHUNK, COMPLAINTS


class Recorded:
    """A started child whose standard output goes into a file without a name. It needs no thread,
    so that this process may fork after it. Every Recorded must be closed."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        given: bytes = b"",
    ) -> None:
        """Starts the child with `given` as its standard input. Raises OSError where it cannot be
        started, or there is no place for the files."""
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close
        try:
            with tempfile.TemporaryFile() as source:
                source.write(given)
                source.seek(0)
                self._child = subprocess.Popen(
                    command,
                    cwd=folder,
                    env=environment,
                    stdin=source,
                    stdout=self._output,
                    stderr=self._complaints,
                )
        except BaseException:
            self._output.close()
            self._complaints.close()
            raise
        # It writes into a file: no broken pipe tells it that nobody reads any more.
        self._ending = Ending(self._child.kill)
        self._ending.begin()

    def finish(self) -> tuple[int, str]:
        """Waits for the end; the exit code and what the child wrote to standard error."""
        code = self._child.wait()
        self._complaints.seek(0)
        return code, self._complaints.read(COMPLAINTS).decode("utf-8", "backslashreplace")

    def chunks(self) -> Iterator[bytes]:
        """What the child has written, in large pieces; for after its end, as often as wanted."""
        self._output.seek(0)
        while chunk := self._output.read(CHUNK):
            yield chunk

    def close(self) -> None:
        """Ends the child, if it still runs, and everything around it."""
        self._ending.close()
        self._child.kill()
        self._child.wait()
        self._output.close()
        self._complaints.close()
