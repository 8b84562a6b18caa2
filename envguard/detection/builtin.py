"""The rule files that come with envguard."""

from __future__ import annotations

from pathlib import Path

RuleFile = tuple[Path, bytes]
"""A rule file, by which errors name it, and its content."""

_FOLDER = Path(__file__).parent / "rules"


def builtin_files() -> tuple[Path, ...]:
    """Where they are, by name."""
    return tuple(sorted(_FOLDER.glob("*.toml")))


def built_in() -> list[RuleFile]:
    """The files with their contents."""
    return [(file, file.read_bytes()) for file in builtin_files()]
