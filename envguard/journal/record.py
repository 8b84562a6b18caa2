"""How far a migration has come: one JSON file a migration, beside its backup, without values.

Digests are HMAC-SHA256 of whole files under a key derived from the root key: somebody who
finds a record cannot try values against it.
"""

from __future__ import annotations

import hmac
import json
import shlex
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from envguard.core.errors import BackendError, NotFoundError
from envguard.core.files import private_directory, sync_directory, write_atomically
from envguard.core.plan import Action
from envguard.core.reference import Reference
from envguard.journal.keys import checked_id, derive

SCHEMA = 1
SUFFIX = ".json"
_DIGEST_INFO = b"envguard journal digest v1"


class State(Enum):
    """What is finished, in the order of a migration."""

    PLANNED = "planned"  # the backup is written
    WRITTEN = "written"  # every value is in the backend and was read back
    REWRITTEN = "rewritten"  # the .env holds references
    DONE = "done"  # and the configuration says where they lead
    ROLLED_BACK = "rolled back"


class Standing(Enum):
    """What the file is now, compared with a record."""

    BEFORE = "before"  # as the migration found it
    AFTER = "after"  # as the migration left it: may be put back
    CHANGED = "changed"  # somebody changed it since: must be kept
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """One key of the migration; `version` is the one that it wrote, None before or if nothing."""

    key: str
    line: int
    action: Action
    reference: Reference | None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One migration of the file at `path` (its real path) into `backend` (a URL)."""

    id: str
    path: Path
    backend: str
    steps: tuple[RecordedStep, ...]
    before_digest: str
    after_digest: str
    state: State = State.PLANNED

    def advanced(self, state: State) -> Record:
        """The record in a later state. Raises ValueError for an earlier one: nothing is undone
        by writing it down."""
        order = tuple(State)
        if order.index(state) < order.index(self.state):
            raise ValueError(f"a migration does not go from {self.state.value} to {state.value}")
        return replace(self, state=state)


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

    def standing(self, record: Record, content: bytes | None) -> Standing:
        """Where the file is between the record's before and after; `content` None: no file."""
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
        "path": str(record.path),
        "backend": record.backend,
        "steps": [
            {
                "key": step.key,
                "line": step.line,
                "action": step.action.value,
                "reference": None
                if (to := step.reference) is None
                else [to.backend, to.name, to.field, to.version],
                "version": step.version,
            }
            for step in record.steps
        ],
        "before_digest": record.before_digest,
        "after_digest": record.after_digest,
        "state": record.state.value,
    }


def _record(data: dict[str, Any]) -> Record:
    """The record that a file says. Raises what a wrong shape happens to raise."""
    if data["schema"] != SCHEMA:
        raise ValueError("another schema")
    steps = tuple(
        RecordedStep(
            _text(step["key"]),
            int(step["line"]),
            Action(step["action"]),
            _reference(step["reference"]),
            _optional(step["version"]),
        )
        for step in data["steps"]
    )
    return Record(
        _text(data["id"]),
        Path(_text(data["path"])),
        _text(data["backend"]),
        steps,
        _text(data["before_digest"]),
        _text(data["after_digest"]),
        State(data["state"]),
    )


def _reference(parts: list[Any] | None) -> Reference | None:
    if parts is None:
        return None
    backend, name, part, version = parts
    return Reference(_text(backend), _text(name), _optional(part), _optional(version))


def _optional(value: object) -> str | None:
    return None if value is None else _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
