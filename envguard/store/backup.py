"""A copy of a store that opens by itself: under a passphrase, or for the holders of age keys.

Two lines. The first is JSON that anybody may read: format, when it was made, of which store, and
how it is sealed. The second is the sealed content: all secrets with their versions, and the trail.
It needs nothing of the machine that it was made on, its key least of all.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from envguard.core import age
from envguard.core.errors import BackendError, UsageError
from envguard.core.files import write_atomically
from envguard.core.secret import Secret
from envguard.store import content
from envguard.store.cipher import ForgedError
from envguard.store.content import Kept, Version
from envguard.store.passphrase import WrongPassphraseError, unwrap, wrap
from envguard.store.records import Head, NewerFormatError, decode, encode, now
from envguard.store.store import Store

FORMAT = "envguard store backup v1"
BACKUP = "store.backup"
"""The action in the trail."""

PASSPHRASE, AGE = "passphrase", "age"
"""How a backup is sealed."""


class Backup:
    """What a backup holds. `created` is ISO 8601 in UTC; `store` is the id of its store."""

    def __init__(self, created: str, store: str, secrets: Sequence[Kept], lines: Sequence[bytes]):
        self.created = created
        self.store = store
        self.secrets = tuple(secrets)
        self.lines = tuple(lines)


def save(
    store: Store, file: Path, passphrase: Secret | None, recipients: Sequence[str] = ()
) -> Backup:
    """Writes a backup of the whole store as it is at one moment, reads it back where a passphrase
    seals it, and returns what is in it. `recipients` are public keys of age
    (https://age-encryption.org/v1). An earlier backup is replaced, any other file is not. Raises
    BackendError, and UsageError for a wrong recipient or file."""
    if file.exists() and not _is_backup(file):
        raise UsageError(f"{file} is there, and is no backup", "name another file")
    store.record(BACKUP, (), f"to {file.name}")
    with store.whole() as (database, key, row, _):
        held = content.read(database, content.keys_of(key, row.store))
    made = Backup(now(), row.store, held.secrets, held.lines)
    said = _encoded(made)
    sealed = _sealed(said, passphrase, recipients)
    how = AGE if recipients else PASSPHRASE
    header = {"format": FORMAT, "created": made.created, "store": made.store, "sealed": how}
    try:
        write_atomically(file, f"{json.dumps(header)}\n{sealed}\n".encode("ascii"), mode=0o600)
    except OSError as error:
        raise BackendError(
            f"the backup {file} cannot be written: {error.strerror}", f"df {file.parent}"
        ) from None
    if passphrase is not None and _encoded(load(file, passphrase)) != said:
        raise BackendError(f"{file} does not give back what was written", "check the disk")
    return made


def sealing(file: Path) -> str:
    """How a backup is sealed: PASSPHRASE or AGE. Raises BackendError for anything else."""
    how: str = _read(file)[0]["sealed"]
    return how


def load(file: Path, passphrase: Secret | None = None, identities: Sequence[str] = ()) -> Backup:
    """What a backup holds, every byte of it verified. Raises BackendError: no backup, damaged, or
    another passphrase."""
    header, sealed = _read(file)
    try:
        if header["sealed"] == AGE:
            said = _opened_by_age(sealed, identities)
        else:
            if passphrase is None:
                raise UsageError(f"{file} opens with a passphrase", "type it")
            said = unwrap(sealed, passphrase)
        found = _decoded(said)
        if (found.created, found.store) != (header["created"], header["store"]):
            raise ForgedError
    except WrongPassphraseError:
        raise BackendError(
            f"{file} does not open: another passphrase or key, or it is damaged",
            "try again, or use another backup",
        ) from None
    except ForgedError:
        raise _no_backup(file) from None
    except NewerFormatError:
        raise BackendError(
            f"{file} was written by a newer envguard", "pip install --upgrade envguard-cli"
        ) from None
    return found


def _read(file: Path) -> tuple[Mapping[str, str], str]:
    try:
        text = file.read_bytes().decode("ascii")
    except OSError as error:
        raise BackendError(f"{file} cannot be read: {error.strerror}", f"ls -l {file}") from None
    except UnicodeDecodeError:
        raise _no_backup(file) from None
    first, _, sealed = text.partition("\n")
    try:
        header = json.loads(first)
    except (ValueError, RecursionError):
        raise _no_backup(file) from None
    fields = ("format", "created", "store", "sealed")
    if not isinstance(header, dict) or not all(isinstance(header.get(f), str) for f in fields):
        raise _no_backup(file)
    if header["format"] != FORMAT or header["sealed"] not in (PASSPHRASE, AGE):
        raise _no_backup(file)
    return header, sealed.strip()


def _is_backup(file: Path) -> bool:
    try:
        _read(file)
    except BackendError:
        return False
    return True


def _no_backup(file: Path) -> BackendError:
    return BackendError(f"{file} is damaged, or no backup of a store", "use another backup")


def _encoded(backup: Backup) -> bytes:
    secrets = [
        {
            "namespace": kept.namespace,
            "head": encode(kept.head).decode("ascii"),
            "versions": [
                [v.number, v.token.hex(), base64.b64encode(v.content).decode("ascii")]
                for v in kept.versions
            ],
        }
        for kept in backup.secrets
    ]
    lines = [base64.b64encode(line).decode("ascii") for line in backup.lines]
    said = {"created": backup.created, "store": backup.store, "secrets": secrets, "lines": lines}
    return json.dumps(said).encode("ascii")


def _decoded(said: bytes) -> Backup:
    """What was encoded, which is authentic. Raises NewerFormatError."""
    try:
        fields: Any = json.loads(said)
        secrets = [
            Kept(
                found["namespace"],
                decode(Head, found["head"].encode()),
                tuple(
                    Version(int(number), bytes.fromhex(token), base64.b64decode(text))
                    for number, token, text in found["versions"]
                ),
            )
            for found in fields["secrets"]
        ]
        lines = [base64.b64decode(line) for line in fields["lines"]]
        return Backup(fields["created"], fields["store"], secrets, lines)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise NewerFormatError from None


def _sealed(said: bytes, passphrase: Secret | None, recipients: Sequence[str]) -> str:
    if not recipients:
        if passphrase is None:
            raise UsageError("a backup needs a passphrase or a recipient", "use --recipient age1…")
        return wrap(said, passphrase)
    pyrage = age.library()
    try:
        known = [pyrage.x25519.Recipient.from_str(text) for text in recipients]
    except pyrage.RecipientError:
        raise UsageError(
            "a recipient is no public key of age", "it begins with age1: age-keygen -y FILE"
        ) from None
    return base64.b64encode(pyrage.encrypt(said, known)).decode("ascii")


def _opened_by_age(sealed: str, identities: Sequence[str]) -> bytes:
    pyrage = age.library()
    try:
        known = [pyrage.x25519.Identity.from_str(text) for text in identities]
        found: bytes = pyrage.decrypt(base64.b64decode(sealed, validate=True), known)
    except pyrage.IdentityError:
        raise UsageError("that is no key of age", "it begins with AGE-SECRET-KEY-1") from None
    except (pyrage.DecryptError, ValueError):
        raise WrongPassphraseError from None
    return found
