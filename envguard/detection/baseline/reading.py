"""What a file says of known findings, whichever tool wrote it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from envguard.core.errors import ConfigError, UsageError
from envguard.detection.baseline import detect_secrets, file, gitleaks
from envguard.detection.baseline.entries import Baseline
from envguard.detection.baseline.told import Told


def read(text: str, name: str) -> Baseline | list[Told]:
    """Our own baseline, or what another tool's baseline, report or list of ignored findings says.
    `name` is the file's, for errors. Raises UsageError, and ConfigError for one of ours that is
    damaged."""
    base = name.replace("\\", "/").rpartition("/")[2]
    if base == gitleaks.IGNORE_FILE:
        return list(gitleaks.read_ignored(text))
    if base == file.FILE_NAME:
        return file.read(text, name)
    try:
        if gitleaks.is_csv(text):
            return _checked(gitleaks.read_csv(text))
        data = json.loads(text)
        if detect_secrets.is_baseline(data):
            return _checked(detect_secrets.read(data))
        if gitleaks.is_report(data):
            return _checked(gitleaks.read_report(data))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        # Not `from`: what they say may hold a value.
        raise UsageError(f"{name} cannot be read as a baseline or a report", _HINT) from None
    if isinstance(data, dict) and "entries" in data:
        return file.read(text, name)
    raise UsageError(f"{name} is neither a baseline nor a report of gitleaks", _HINT)


def text_of(file: Path) -> str | None:
    """The text of a file that a tree may hold; None where there is none. A link to a device or a
    pipe would have no end. Raises ConfigError."""
    try:
        if file.exists() and not file.is_file():
            raise ConfigError(f"{file} is no plain file", f"ls -l {file}")
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"{file} cannot be read: {reason}", f"ls -l {file}") from None


def _checked(told: Iterable[Told]) -> list[Told]:
    """The same; raises ValueError where a path is none that a file can have."""
    found = list(told)
    for one in found:
        if b"\0" in one.path.encode("utf-8", "surrogateescape"):
            raise ValueError("no path")
    return found


_HINT = "name a .secrets.baseline, a .gitleaksignore, or a gitleaks report as json, csv or sarif"
