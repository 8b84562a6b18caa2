"""Whose eyes a file for age is read with: this user's private key of age, and where it is.

It is the text of ENVGUARD_KEY where that is one, else in `age.key` in the user's own
configuration folder, which is written as `age-keygen` writes its files: the key in a line of its
own, after comments. The program age reads the same file (`age -d -i age.key`).
"""

from __future__ import annotations

import os
import shlex
from typing import Any, NamedTuple

from envguard.core import age
from envguard.core.config import Settings
from envguard.core.errors import BackendError
from envguard.core.files import private_directory, sync_directory
from envguard.core.private_file import read_private
from envguard.core.secret import Secret

FILE_NAME = "age.key"
VARIABLE = "ENVGUARD_KEY"

_LARGEST = 1 << 16  # bytes of a file with keys


class Identity(NamedTuple):
    """Private keys, the user's own first; `source` says where they are, `recipients` are their
    public keys."""

    keys: tuple[Secret, ...]
    source: str
    recipients: tuple[str, ...]

    def opened(self) -> list[Any]:
        """The keys as the library has them."""
        return [age.library().x25519.Identity.from_str(key.reveal()) for key in self.keys]


class IdentitySource:
    """Where this user's identity is looked for."""

    def __init__(self, settings: Settings) -> None:
        self.file = settings.folders.config / FILE_NAME
        given = settings.key or ""
        self._given = given.strip() if given.lstrip().startswith(age.IDENTITY) else ""

    def find(self) -> Identity | None:
        """The identity; None where there is none. Raises BackendError for a file that others may
        read, for a link, and for what is no key."""
        if self._given:
            return parse(self._given, VARIABLE)
        text = self._read()
        return None if text is None else parse(text, str(self.file))

    def get(self, url: str) -> Identity:
        """The identity. Raises BackendError where there is none."""
        found = self.find()
        if found is None:
            raise BackendError(
                f"there is no key to open it: neither {VARIABLE} (with {age.IDENTITY}…) nor "
                f"{self.file} is there",
                f"make one: envguard secrets key new --backend {shlex.quote(url)}",
            )
        return found

    def make(self) -> Identity:
        """A new identity, in the file. Raises BackendError where that cannot be made."""
        made = age.library().x25519.Identity.generate()
        return self.keep(Secret(str(made)))

    def keep(self, text: Secret) -> Identity:
        """Keeps an identity that somebody handed on, in the file; the same again is no error.
        Raises BackendError for what is no key, and where the file holds another."""
        found = parse(text.reveal(), "the text")
        there = self._read()
        if there is not None:
            if parse(there, str(self.file)).keys == found.keys:
                return found._replace(source=str(self.file))
            raise BackendError(
                f"{self.file} holds another key of age",
                f"look at it, and move it away: {self.file}",
            )
        lines = [
            f"# public key: {recipient}\n{key.reveal()}\n"
            for key, recipient in zip(found.keys, found.recipients, strict=True)
        ]
        private_directory(self.file.parent)
        try:
            descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as opened:
                opened.write("".join(lines))
                opened.flush()
                os.fsync(opened.fileno())
            sync_directory(self.file.parent)
        except OSError as error:
            raise BackendError(
                f"{self.file} cannot be made: {error.strerror}", f"ls -ld {self.file.parent}"
            ) from None
        return found._replace(source=str(self.file))

    def _read(self) -> str | None:
        try:
            return read_private(self.file, _LARGEST).decode("utf-8", "replace")
        except FileNotFoundError:
            return None


def parse(text: str, source: str) -> Identity:
    """The keys in a text as `age-keygen` writes it. Raises BackendError, without quoting it."""
    pyrage = age.library()
    lines = [line.strip() for line in text.splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    recipients = []
    for key in keys:
        try:
            recipients.append(str(pyrage.x25519.Identity.from_str(key).to_public()))
        except pyrage.IdentityError:
            keys = []
            break
    if not keys:
        raise BackendError(
            f"{source} holds no private key of age, or one with a typing error",
            f"copy the whole key again: it begins with {age.IDENTITY}",
        )
    return Identity(tuple(Secret(key) for key in keys), source, tuple(recipients))
