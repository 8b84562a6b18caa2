"""The files beside the migrated ones: what a migration makes of them, and gives back again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from envguard.core.backend import Backend, Listing
from envguard.core.config import FILE_NAME, Config
from envguard.core.errors import BackendError
from envguard.core.files import write_atomically
from envguard.core.text import printable
from envguard.envfile.origins import is_yaml
from envguard.jobs.migrate.journals import Journal
from envguard.journal.record import Record, RecordedBeside
from envguard.sources import git as git_door

_MODE = 0o644

Contents = Mapping[Path, bytes | None]
"""What each file held before; None: there was none."""


def look(files: Iterable[Path], config: Config) -> Contents:
    """The files that the migration of `files` may touch, as they are now."""
    paths = [config.file or config.root / FILE_NAME]
    for file in files:
        git = git_door.find(file)
        if git is not None:
            paths.append(git.top / ".gitignore")
        if not is_yaml(file):
            paths.append(file.with_name(f"{file.name}.example"))
    # A link stays a link: nothing is written through it, so nothing is to be given back.
    return {path: content(path) for path in dict.fromkeys(paths) if not path.is_symlink()}


def save(migration: str, before: Contents, kept: Journal) -> tuple[RecordedBeside, ...]:
    """Backs them up, and gives what the record says of them."""
    recorded = []
    for number, (path, text) in enumerate(before.items()):
        backup = None
        if text is not None:
            backup = f"{migration}.beside{number}"
            mode = path.stat().st_mode & 0o7777 if path.exists() else _MODE
            kept.backups.save(backup, path, text, mode)
        recorded.append(RecordedBeside(path, backup))
    return tuple(recorded)


def left(record: Record, kept: Journal) -> Record:
    """The record with what these files are now, at the end of the migration."""
    found = [(beside, content(beside.path)) for beside in record.besides]
    return replace(
        record,
        besides=tuple(
            replace(b, after_digest=None if text is None else kept.records.digest(text))
            for b, text in found
        ),
    )


def give_back(
    record: Record, kept: Journal, others: Iterable[Record], backend: Backend
) -> tuple[list[Path], list[str]]:
    """Gives each of them back where nobody has changed it since and nothing needs it; the files
    that are as they were, and a sentence for each other one."""
    given: list[Path] = []
    stays: list[str] = []
    needed = _needed(record, others, backend)
    for beside in record.besides:
        now = content(beside.path)
        backup = None if beside.backup is None else kept.backups.load(beside.backup)
        before = None if backup is None else backup.content
        if now is None or now == before:
            continue
        name = printable(str(beside.path))
        if beside.after_digest is None or kept.records.digest(now) != beside.after_digest:
            stays.append(f"{name} was changed since, and stays")
        elif needed:
            stays.append(f"{name} stays: {needed}")
        else:
            if backup is None:
                beside.path.unlink()
            else:
                write_atomically(beside.path, backup.content, mode=backup.mode)
            given.append(beside.path)
    return given, stays


def content(path: Path) -> bytes | None:
    """A file's bytes; None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _needed(record: Record, others: Iterable[Record], backend: Backend) -> str:
    """Why these files are needed still; empty where they are not."""
    if any(other.root == record.root for other in others):
        return "another migration of this project needs it"
    made = any(b.path == record.config and b.backup is None for b in record.besides)
    if not made:
        return ""
    try:
        is_empty = isinstance(backend, Listing) and not backend.list()
    except BackendError:
        is_empty = False
    return "" if is_empty else "the backend holds more of this project"
