"""What to know about the .env files that git ignores, which is as it should be and no finding."""

from __future__ import annotations

from pathlib import Path

from envguard.core.errors import EnvguardError
from envguard.core.files import TEMPORARY_PREFIX
from envguard.detection.classify import Kind, classify
from envguard.detection.finder import Finder
from envguard.envfile.document import read


def note(file: Path, path: str, detector: Finder) -> str:
    """A sentence about the file, which the report calls `path`."""
    if file.name.startswith(TEMPORARY_PREFIX):
        return f"{path} was left by a migration that was interrupted, and may hold values: rm it"
    try:
        entries = read(file).entries
    except EnvguardError as error:
        return f"{path} is ignored by git and was not read: {error.what}"
    kinds = [classify(entry.key, entry.value, detector).kind for entry in entries]
    count = kinds.count(Kind.SECRET)
    if not count:
        return f"{path} is ignored by git and holds no secrets"
    noun = "secret" if count == 1 else "secrets"
    return f"{path} is ignored by git and holds {count} {noun}: envguard migrate {path}"
