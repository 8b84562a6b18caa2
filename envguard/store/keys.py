"""The root key of a store: its text, its file, and where one store's key comes from.

Its text is `egk1_` and 48 characters: the URL-safe base64 (RFC 4648 section 5, no padding
needed) of the 32 bytes and their CRC-32, big-endian. The checksum finds typing errors, no more.
"""

from __future__ import annotations

import hmac
import os
import re
import stat
from binascii import a2b_base64, b2a_base64, crc32
from pathlib import Path
from typing import NamedTuple, NoReturn

from envguard.core.errors import BackendError
from envguard.core.secret import MASK, Secret

PREFIX = "egk1_"
SIZE = 32
"""Bytes of a root key."""

VARIABLE = "ENVGUARD_KEY"
"""The variable that holds a root key's text; read at the entrance, not here."""

_TEXT = re.compile(PREFIX + "([A-Za-z0-9_-]{48})")
_FILE_SIZE = len(PREFIX) + 48 + 1


class RootKey:
    """The 32 bytes that everything in a store depends on. Masked, and refused by pickle and copy.

    `id` tells keys apart and gives nothing away: 16 hexadecimal digits of an HMAC.
    """

    __slots__ = ("_key", "id")

    def __init__(self, key: bytes) -> None:
        if len(key) != SIZE:
            raise ValueError(f"a root key has {SIZE} bytes")
        self._key = key
        self.id = hmac.digest(key, b"envguard root key id", "sha256")[:8].hex()

    @classmethod
    def new(cls) -> RootKey:
        """A random key."""
        return cls(os.urandom(SIZE))

    def reveal(self) -> bytes:
        """The 32 bytes, for deriving keys."""
        return self._key

    def text(self) -> Secret:
        """The key as text, for its file and for handing it on."""
        checked = self._key + crc32(self._key).to_bytes(4, "big")
        encoded = b2a_base64(checked, newline=False).decode("ascii")
        return Secret(PREFIX + encoded.replace("+", "-").replace("/", "_"))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RootKey):
            return NotImplemented
        return hmac.compare_digest(self._key, other._key)

    def __hash__(self) -> int:
        return hash((RootKey, self.id))

    def __repr__(self) -> str:
        return f"RootKey({MASK})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a RootKey cannot be pickled")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("a RootKey cannot be copied")


def parse_key(text: str, source: str = VARIABLE) -> RootKey:
    """The key that a text says; blanks around it do not matter. `source` names it in errors.

    Raises BackendError, without quoting the text.
    """
    text = text.strip()
    if not text.startswith(PREFIX):
        raise BackendError(
            f"{source} holds no key: a key begins with {PREFIX}, and passphrases are not supported",
            f"set {VARIABLE} to the text of the store's key file",
        )
    match = _TEXT.fullmatch(text)
    checked = b""
    if match is not None:
        checked = a2b_base64(match[1].replace("-", "+").replace("_", "/"))
    if not checked or crc32(checked[:SIZE]).to_bytes(4, "big") != checked[SIZE:]:
        raise BackendError(
            f"{source} holds a key with a typing error, or one that is cut off",
            f"copy the whole key again: {PREFIX} and 48 characters",
        )
    return RootKey(checked[:SIZE])


def read_key_file(path: Path) -> RootKey:
    """The key in a key file. Raises FileNotFoundError where there is none, and BackendError for
    a symbolic link, a file that others may read, and anything that is no key."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if path.is_symlink():
        raise BackendError(
            f"the key file {path} is a symbolic link, and is not followed",
            f"put the key itself there: cp --remove-destination {os.path.realpath(path)} {path}",
        )
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BackendError(
            f"the key file {path} cannot be read: {error.strerror}", f"ls -l {path}"
        ) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise BackendError(f"the key file {path} is not a regular file", f"ls -ld {path}")
        if os.name == "posix" and found.st_mode & 0o077:
            raise BackendError(f"others may read the key file {path}", f"chmod 600 {path}")
        content = os.read(descriptor, _FILE_SIZE + 1)
    finally:
        os.close(descriptor)
    if len(content.strip()) != _FILE_SIZE - 1:
        raise BackendError(
            f"the key file {path} has not the length of a key",
            f"put a copy of the key file back, or set {VARIABLE}",
        )
    return parse_key(content.decode("ascii", "replace"), f"the key file {path}")


class KeySource(NamedTuple):
    """Where the key of one store is: `given` (the text of ENVGUARD_KEY), and then only there;
    else in its key file."""

    file: Path
    given: Secret | None = None

    def find(self) -> RootKey | None:
        """The key, or None where no key is given and no key file is there."""
        if self.given is not None:
            return parse_key(self.given.reveal())
        try:
            return read_key_file(self.file)
        except FileNotFoundError:
            return None
