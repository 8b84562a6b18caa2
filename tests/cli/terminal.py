"""The program on a terminal: somebody answers its questions."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Callable, Mapping, Sequence
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

    def typed(shown: str) -> str | None:
        return next((text for question, text in answers.items() if question in shown), None)

    return _run(arguments, typed, cwd, env)


def converse(
    arguments: Sequence[str], talk: Sequence[tuple[str, str]], *, cwd: Path
) -> tuple[int, str]:
    """The same with answers that are typed once each, in their order."""
    rest = list(talk)

    def typed(shown: str) -> str | None:
        return rest.pop(0)[1] if rest and rest[0][0] in shown else None

    return _run(arguments, typed, cwd, None)


def _run(
    arguments: Sequence[str],
    typed: Callable[[str], str | None],
    cwd: Path,
    env: Mapping[str, str] | None,
) -> tuple[int, str]:
    """`typed` is what is typed after a text has been shown, None for nothing."""
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
        text = typed(shown[seen:])
        if text is not None:
            seen = len(shown)
            os.write(ours, text.encode() + b"\n")
    os.close(ours)
    return process.wait(), shown
