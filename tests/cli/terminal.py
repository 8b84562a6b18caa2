"""The program on a terminal: somebody answers its questions."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cli.program import PROGRAM


def answer(
    arguments: Sequence[str],
    answers: Mapping[str, str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Runs `envguard` on a terminal of 80 columns and types an answer whenever the text before
    it appears; the exit code and everything that was shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, *arguments],
        cwd=cwd,
        env={**os.environ, "TERM": "dumb", "COLUMNS": "80", **(env or {})},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown, seen = "", 0
    while True:
        try:
            read = os.read(ours, 4096)
        except OSError:  # Linux: the other side is closed
            read = b""
        if not read:
            break
        shown += read.decode()
        for question, typed in answers.items():
            if question in shown[seen:]:
                seen = len(shown)
                os.write(ours, typed.encode() + b"\n")
    os.close(ours)
    return process.wait(), shown
