"""What a supervisor starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from envguard.core.secret import Secret


class Program(NamedTuple):
    """A command and its whole environment; carries plaintext, so it is started, not kept.

    `secret` is what is masked in its output, by key. `files` are those that the environment was
    read from, or would have been: they need not exist.
    """

    argv: tuple[str, ...]
    environ: Mapping[str, str]
    secret: tuple[tuple[str, Secret], ...] = ()
    files: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        return f"Program({len(self.environ)} variables)"
