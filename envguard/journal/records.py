"""The records of migrations on disk: one JSON file each, beside its backups.

Digests are HMAC-SHA256 of whole files under a key derived from the root key: somebody who
finds a record cannot try values against it.
"""

from __future__ import annotations

import hmac
import json
import shlex
from pathlib import Path
from typing import Any

from envguard.core.config import DEFAULT_DIALECT
from envguard.core.errors import BackendError, NotFoundError
from envguard.core.files import private_directory, sync_directory, write_atomically
from envguard.core.naming import Naming
from envguard.core.plan import Action
from envguard.core.reference import Reference
from envguard.journal.keys import checked_id, derive
from envguard.journal.record import (
    Record,
    RecordedBeside,
    RecordedFile,
    RecordedStep,
    RecordedWrite,
    Standing,
    State,
)

SCHEMA = 1
SUFFIX = ".json"
_DIGEST_INFO = b"envguard journal digest v1"


class Records:
    """The records in one folder, under one root key. Without it they can be read, listed and
    forgotten, and no file be compared with them."""

    def __init__(self, folder: Path, key: bytes | None = None) -> None:
        self.folder = folder
        self._digest_key = None if key is None else derive(key, _DIGEST_INFO)

    def file(self, migration: str) -> Path:
        """Where the record of a migration is, whether it exists or not."""
        return self.folder / (checked_id(migration) + SUFFIX)

    def digest(self, content: bytes) -> str:
        """What a record keeps of a whole file."""
        if self._digest_key is None:
            raise ValueError("files are compared with the root key only")
        return hmac.new(self._digest_key, content, "sha256").hexdigest()

    def standing(self, record: RecordedFile, content: bytes | None) -> Standing:
        """Where a file is between the record's before and after; `content` None: no file."""
        if content is None:
            return Standing.GONE
        digest = self.digest(content)
        if hmac.compare_digest(digest, record.after_digest):
            return Standing.AFTER
        if hmac.compare_digest(digest, record.before_digest):
            return Standing.BEFORE
        return Standing.CHANGED

    def save(self, record: Record) -> None:
        """Writes a record, in place of its earlier state."""
        private_directory(self.folder)
        text = json.dumps(_data(record), indent=2)
        write_atomically(self.file(record.id), text.encode() + b"\n", mode=0o600)

    def load(self, migration: str) -> Record:
        """The record of a migration. Raises NotFoundError, or BackendError where it is damaged."""
        file = self.file(migration)
        try:
            record = _record(json.loads(file.read_bytes()))
        except FileNotFoundError:
            raise NotFoundError(
                f"there is no migration {migration}", "envguard migrate list"
            ) from None
        except OSError as error:
            raise BackendError(
                f"{file} cannot be read: {error.strerror}", f"ls -l {shlex.quote(str(file))}"
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            record = None
        if record is None or record.id != migration:
            raise BackendError(f"{file} is damaged", "put a copy of that file in its place")
        return record

    def list(self) -> tuple[str, ...]:
        """The ids of all migrations, in order."""
        return tuple(sorted(file.stem for file in self.folder.glob("*" + SUFFIX)))

    def forget(self, migration: str) -> bool:
        """Removes a record; False where there was none."""
        try:
            self.file(migration).unlink()
        except FileNotFoundError:
            return False
        sync_directory(self.folder)
        return True


def _data(record: Record) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "id": record.id,
        "backend": record.backend,
        "origin": record.origin,
        "follows": record.follows,
        "root": str(record.root),
        "config": str(record.config),
        "project": record.project,
        "profile": record.profile,
        "state": record.state.value,
        "key": record.key,
        "naming": {
            url: {
                "case": naming.case,
                "groups": {group: list(keys) for group, keys in naming.groups.items()},
                "names": dict(naming.names),
            }
            for url, naming in record.naming.items()
        },
        "writes": [
            {"name": w.name, "held": w.held, "version": w.version, "key": w.key}
            for w in record.writes
        ],
        "besides": [
            {"path": str(b.path), "backup": b.backup, "after_digest": b.after_digest}
            for b in record.besides
        ],
        "files": [
            {
                "path": str(file.path),
                "profile": file.profile,
                "alias": file.alias,
                "layers": list(file.layers),
                "before_digest": file.before_digest,
                "after_digest": file.after_digest,
                "dialect": file.dialect,
                "steps": [
                    {
                        "key": step.key,
                        "line": step.line,
                        "action": step.action.value,
                        "reference": list(step.reference),
                    }
                    for step in file.steps
                ],
            }
            for file in record.files
        ],
    }


def _record(data: dict[str, Any]) -> Record:
    """The record that a file says. Raises what a wrong shape happens to raise."""
    if data["schema"] != SCHEMA:
        raise ValueError("another schema")
    return Record(
        id=_text(data["id"]),
        backend=_text(data["backend"]),
        root=Path(_text(data["root"])),
        config=Path(_text(data["config"])),
        project=_text(data["project"]),
        profile=_text(data["profile"]),
        files=tuple(map(_file, data["files"])),
        writes=tuple(
            RecordedWrite(
                _text(write["name"]),
                _optional(write["held"]),
                _optional(write["version"]),
                _optional(write["key"]),
            )
            for write in data["writes"]
        ),
        origin=_optional(data["origin"]),
        follows=data["follows"] is True,
        state=State(data["state"]),
        # Records of the first version have none.
        besides=tuple(
            RecordedBeside(
                Path(_text(beside["path"])),
                _optional(beside["backup"]),
                _optional(beside["after_digest"]),
            )
            for beside in data.get("besides", [])
        ),
        key=_text(data.get("key", "")),
        naming={url: _naming(naming) for url, naming in data.get("naming", {}).items()},
    )


def _naming(data: dict[str, Any]) -> Naming:
    return Naming(
        _text(data["case"]),
        {group: tuple(map(_text, keys)) for group, keys in data["groups"].items()},
        {key: _text(name) for key, name in data["names"].items()},
    )


def _file(data: dict[str, Any]) -> RecordedFile:
    return RecordedFile(
        path=Path(_text(data["path"])),
        profile=_text(data["profile"]),
        alias=_optional(data["alias"]),
        layers=tuple(map(_text, data["layers"])),
        steps=tuple(
            RecordedStep(
                _text(step["key"]),
                int(step["line"]),
                Action(step["action"]),
                _reference(step["reference"]),
            )
            for step in data["steps"]
        ),
        before_digest=_text(data["before_digest"]),
        after_digest=_text(data["after_digest"]),
        dialect=_text(data.get("dialect", DEFAULT_DIALECT)),
    )


def _reference(parts: list[Any]) -> Reference:
    backend, name, part, version = parts
    return Reference(_text(backend), _text(name), _optional(part), _optional(version))


def _optional(value: object) -> str | None:
    return None if value is None else _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
