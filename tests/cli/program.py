"""The program as its users call it: a process of its own, in a folder, with a home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).with_name("envguard"))

# Root reads what its permission bits forbid, by two capabilities that a child can do without:
# capabilities(7) CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, prctl(2) PR_CAPBSET_DROP.
_WITHOUT_OVERRIDE = """
import ctypes, os, sys
if sys.platform == "linux" and os.geteuid() == 0:
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
BOUND_BY_MODES = (sys.executable, "-c", _WITHOUT_OVERRIDE)
"""Put before a command, these words make it unable to read what nobody may read."""


@dataclass(frozen=True)
class Done:
    """How a call ended. Bytes that are no UTF-8 are surrogate escapes."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)

    def says(self, code: int, *texts: str) -> None:
        """Checks the exit code, and that standard error holds two lines with these texts."""
        assert self.code == code, self
        lines = self.err.splitlines()
        assert len(lines) == 2, self.err
        assert lines[0].startswith("envguard: error: "), self.err
        assert lines[1].startswith("envguard: hint: "), self.err
        for line in lines:
            message = line.split(": ", 2)[2]
            assert message.isprintable()
            assert not message.endswith("."), self.err
        for text in texts:
            assert text in self.err, self.err


def call(
    *arguments: str,
    cwd: Path,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
) -> Done:
    """Runs `envguard` with the environment of the test and `env` over it."""
    done = subprocess.run(
        [*before, PROGRAM, *arguments],
        cwd=cwd,
        input=stdin,
        env={**os.environ, **(env or {})},
        capture_output=True,
        check=False,
    )
    return Done(done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr))
