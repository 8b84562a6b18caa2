"""One entry of a file for age: what is inside the encrypted message.

JSON with `file` (the file's id), `name` and `value`, and, where envguard wrote it, `version`,
`created`, `updated` and `writes`. The file and the name are checked on reading, so that a message
that was copied from elsewhere is never taken for the value of this name. age says nothing about
who encrypted a message: whoever may change the file may put a value of his own into it, and a
review of the file's changes is what stands against that.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from envguard.core import age
from envguard.core.secret import Secret
from envguard.core.writes import Write, remembered


class WrongEntryError(Exception):
    """A message that is none, that does not open, or that is not of this file and name; says
    which, as the end of a sentence."""


class Entry(NamedTuple):
    """What a message says."""

    value: Secret
    version: int = 0
    created: str = ""
    updated: str = ""
    writes: tuple[Write, ...] = ()

    def next(self, value: Secret, token: str, now: str) -> Entry:
        """The entry after a write."""
        version = self.version + 1
        writes = remembered(self.writes, value, token, version)
        return Entry(value, version, self.created or now, now, writes)


def seal(entry: Entry, file: str, name: str, recipients: Sequence[Any]) -> str:
    """The base64 of a message for these recipients (of the library)."""
    said = {
        "file": file,
        "name": name,
        "value": entry.value.reveal(),
        "version": entry.version,
        "created": entry.created,
        "updated": entry.updated,
        "writes": entry.writes,
    }
    sealed: bytes = age.library().encrypt(json.dumps(said).encode("ascii"), recipients)
    return base64.b64encode(sealed).decode("ascii")


def unseal(message: str, file: str, name: str, identities: Sequence[Any]) -> Entry:
    """What a message says. Raises WrongEntryError."""
    pyrage = age.library()
    try:
        sealed = base64.b64decode(message, validate=True)
        said = json.loads(pyrage.decrypt(sealed, identities))
    except binascii.Error:
        raise WrongEntryError("is no base64") from None
    except pyrage.DecryptError:
        raise WrongEntryError("does not open: its line has changed") from None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("value"), str):
        raise WrongEntryError("holds no value")
    if said.get("file") != file:
        raise WrongEntryError("was copied from another file")
    if said.get("name") != name:
        raise WrongEntryError("was copied from another name")
    try:
        return Entry(
            Secret(said["value"]),
            int(said.get("version", 0)),
            str(said.get("created", "")),
            str(said.get("updated", "")),
            tuple(Write(str(t), str(c), int(v)) for t, c, v in said.get("writes", ())),
        )
    except (TypeError, ValueError):
        raise WrongEntryError("holds what only a newer envguard understands") from None
