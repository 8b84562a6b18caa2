"""Encrypted copies of files that a migration is about to rewrite, and the way back.

One file `ID.egb` each: a line of JSON that anybody may read (format, id, path, created, key_id,
mode), then 12 bytes of nonce, then AES-256-GCM (NIST SP 800-38D) of the content with its tag.
The line is the associated data, so that id, path and mode cannot be exchanged.
"""

from __future__ import annotations

import json
import os
import shlex
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from envguard.core.errors import BackendError, NotFoundError
from envguard.core.files import private_directory, sync_directory, write_atomically
from envguard.journal.keys import checked_id, derive

FORMAT = "envguard backup v1"
SUFFIX = ".egb"

_NONCE_BYTES = 12
_FIELDS = ("format", "id", "path", "created", "key_id", "mode")


@dataclass(frozen=True, slots=True)
class Backup:
    """A file as it was: `path` is its real path, `mode` its permission bits."""

    path: Path
    content: bytes = field(repr=False)
    mode: int


@dataclass(frozen=True, slots=True)
class BackupInfo:
    """What a backup says of itself, unverified. `created` is ISO 8601 in UTC.

    Where even that cannot be read, `damaged` is true and only `id` and `file` are known.
    """

    id: str
    file: Path
    path: str = ""
    created: str = ""
    key_id: str = ""
    damaged: bool = False


class Backups:
    """The backups in one folder, under one root key."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder = folder
        self._key = derive(key, FORMAT.encode())
        self.key_id = derive(key, FORMAT.encode() + b" key id")[:8].hex()

    def file(self, migration: str) -> Path:
        """Where the backup of a migration is, whether it exists or not."""
        return _file(self.folder, migration)

    def save(self, migration: str, path: Path, content: bytes, mode: int) -> Path:
        """Writes a backup, reads it back, and returns its file.

        The same backup again changes nothing; a different one under the same id is refused.
        Raises BackendError for that, and where the disk gives back anything else.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - loaded when used

        file = self.file(migration)
        wanted = Backup(path, content, mode)
        private_directory(self.folder)
        if os.path.lexists(file):
            if self.load(migration) == wanted:
                return file
            raise BackendError(
                f"{file} already keeps something else",
                f"roll that migration back, or type: envguard migrate forget {migration}",
            )
        header = {
            "format": FORMAT,
            "id": migration,
            "path": str(path),
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "key_id": self.key_id,
            "mode": mode,
        }
        line = json.dumps(header).encode()
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self._key).encrypt(nonce, content, line)
        write_atomically(file, line + b"\n" + nonce + sealed, mode=0o600)
        if self.load(migration) != wanted:
            raise BackendError(
                f"{file} does not give back what was written",
                f"check the disk, then remove it: rm {shlex.quote(str(file))}",
            )
        return file

    def load(self, migration: str) -> Backup:
        """The file that a backup keeps. Raises NotFoundError where there is none, BackendError
        where the key is another or any byte has changed: never wrong content."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - loaded when used
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - loaded when used

        file = self.file(migration)
        line, _, rest = _bytes(file).partition(b"\n")
        header = _header(line)
        if header is None or header["id"] != migration:
            _damaged(file)
        if header["key_id"] != self.key_id:
            raise BackendError(
                f"{file} was made with another key ({header['key_id']})",
                "set ENVGUARD_KEY to the key of that day",
            )
        try:
            content = AESGCM(self._key).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], line)
        except (InvalidTag, ValueError):
            _damaged(file)
        return Backup(Path(header["path"]), content, header["mode"])

    def list(self) -> tuple[BackupInfo, ...]:
        """Every backup in the folder, by id; damaged ones too."""
        found = []
        for file in sorted(self.folder.glob("*" + SUFFIX)):
            header = _header(_bytes(file).partition(b"\n")[0])
            if header is None or header["id"] != file.stem:
                found.append(BackupInfo(file.stem, file, damaged=True))
                continue
            found.append(
                BackupInfo(file.stem, file, header["path"], header["created"], header["key_id"])
            )
        return tuple(found)

    def forget(self, migration: str) -> bool:
        """Removes a backup for good; False where there was none."""
        return remove(self.folder, migration)


def remove(folder: Path, migration: str) -> bool:
    """Removes a backup for good, which needs no key; False where there was none."""
    try:
        _file(folder, migration).unlink()
    except FileNotFoundError:
        return False
    sync_directory(folder)
    return True


def _file(folder: Path, migration: str) -> Path:
    return folder / (checked_id(migration) + SUFFIX)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"there is no backup {file}", "envguard migrate list") from None
    except OSError as error:
        raise BackendError(
            f"{file} cannot be read: {error.strerror}", f"ls -l {shlex.quote(str(file))}"
        ) from None


def _header(line: bytes) -> dict[str, Any] | None:
    """What the first line says, None where it is not one of ours."""
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        return None
    kinds = {"mode": int}
    sound = all(type(header.get(name)) is kinds.get(name, str) for name in _FIELDS)
    return header if sound else None


def _damaged(file: Path) -> NoReturn:
    raise BackendError(
        f"{file} is damaged and gives nothing back", "put a copy of that file in its place"
    )
