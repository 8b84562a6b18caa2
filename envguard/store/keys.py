"""The root key of a store: its text, its file, and where one store's key comes from.

Its text is `egk1_` and 48 characters: the URL-safe base64 (RFC 4648 section 5, no padding
needed) of the 32 bytes and their CRC-32, big-endian. The checksum finds typing errors, no more.
"""

from __future__ import annotations

import os
import re
from binascii import a2b_base64, b2a_base64, crc32
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, NoReturn

from envguard.core.errors import BackendError
from envguard.core.mac import compare_digest, hmac_sha256
from envguard.core.private_file import read_private
from envguard.core.secret import MASK, Secret

PREFIX = "egk1_"
SIZE = 32
"""Bytes of a root key."""

VARIABLE = "ENVGUARD_KEY"
"""The variable that holds a root key's text, or a passphrase; read at the entrance, not here."""

KEY_FILE, KEYRING, PASSPHRASE = HOMES = ("file", "keyring", "passphrase")
"""Where a root key can be kept."""

_TEXT = re.compile(PREFIX + "([A-Za-z0-9_-]{48})")
_FILE_SIZE = len(PREFIX) + 48 + 1


class WrongKeyError(BackendError):
    """The key of a store is missing, or another one."""


class RootKey:
    """The 32 bytes that everything in a store depends on. Masked, and refused by pickle and copy.

    `id` tells keys apart and gives nothing away: 16 hexadecimal digits of an HMAC.
    """

    __slots__ = ("_key", "id")

    def __init__(self, key: bytes) -> None:
        if len(key) != SIZE:
            raise ValueError(f"a root key has {SIZE} bytes")
        self._key = key
        self.id = hmac_sha256(key, b"envguard root key id")[:8].hex()

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
        return compare_digest(self._key, other._key)

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
            f"{source} holds no key: a key begins with {PREFIX}, and the key of this store is not "
            "kept under a passphrase",
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
    content = read_private(path, _FILE_SIZE + 1)
    if len(content.strip()) != _FILE_SIZE - 1:
        raise BackendError(
            f"the key file {path} has not the length of a key",
            f"put a copy of the key file back, or set {VARIABLE}",
        )
    return parse_key(content.decode("ascii", "replace"), f"the key file {path}")


class Header(NamedTuple):
    """What a store's file says of its key, not verified yet. `wrapped` is the key under a
    passphrase, where that is its home."""

    store: bytes
    key: str
    home: str
    wrapped: str


class KeySource:
    """Where the key of one store is looked for: in `given` (the text of ENVGUARD_KEY), and then
    only there; else in the home that the store names. `ask` asks a person for a passphrase."""

    __slots__ = ("_known", "ask", "file", "given")

    def __init__(
        self, file: Path, given: Secret | None = None, ask: Callable[[str], Secret] | None = None
    ) -> None:
        self.file = file
        self.given = given
        self.ask = ask
        self._known: dict[str, RootKey] = {}

    @property
    def seen(self) -> Path:
        """Where the newest state of the store that was seen is kept (seen.py)."""
        return self.file.with_suffix(".seen")

    def find(self) -> RootKey | None:
        """The key for a store that is still to be made: the given one, else that of the key file,
        else None. Raises BackendError for a text that is no key."""
        if self.given is not None:
            return parse_key(self.given.reveal())
        try:
            return read_key_file(self.file)
        except FileNotFoundError:
            return None

    def open(self, header: Header, store: Path) -> RootKey:
        """The key of the store at `store`. Raises BackendError where it is missing, or another."""
        known = self._known.get(header.key)
        if known is not None:
            return known
        found = self._given(header, store) or self._at_home(header, store)
        if found.id != header.key:
            way_out = (
                f"set {VARIABLE} to the key of this store, or unset it to use {self.file}"
                if self.given is not None
                else f"put the key file of this store back at {self.file}, or set {VARIABLE}"
            )
            raise WrongKeyError(f"this key does not open the store {store}", way_out)
        self._known[header.key] = found
        return found

    def remember(self, key: RootKey) -> None:
        """Takes a key that was just made, so that it is not asked for again."""
        self._known[key.id] = key

    def _given(self, header: Header, store: Path) -> RootKey | None:
        if self.given is None:
            return None
        text = self.given.reveal().strip()
        if text.startswith(PREFIX) or header.home != PASSPHRASE:
            return parse_key(text, f"{VARIABLE} (for {store})")
        return _unwrapped(header, self.given, store)

    def _at_home(self, header: Header, store: Path) -> RootKey:
        if header.home == PASSPHRASE:
            if self.ask is None:
                raise BackendError(
                    f"the store {store} opens with a passphrase", f"set {VARIABLE} to it"
                )
            return _unwrapped(header, self.ask(f"passphrase of {store}"), store)
        if header.home == KEYRING:
            from envguard.store.keyring_home import read_keyring  # noqa: PLC0415 - an extra

            return read_keyring(header.key, store)
        return self._in_files(header, store)

    def _in_files(self, header: Header, store: Path) -> RootKey:
        """The key in the key file, or, while keys are changed, in the one beside it."""
        try:
            found = read_key_file(self.file)
            if found.id == header.key:
                return found
        except FileNotFoundError:
            found = None
        try:
            return read_key_file(beside(self.file, header.key))
        except FileNotFoundError:
            if found is not None:
                return found
        raise WrongKeyError(
            f"the key file {self.file} of the store {store} is missing",
            f"put the key file back, or set {VARIABLE}; without both only a backup helps: "
            "envguard secrets restore FILE",
        )


def beside(file: Path, key: str) -> Path:
    """Where the key with this id is, when it is not the one in the key file `file`: the next one
    while keys are changed, and the retired ones after."""
    return file.with_name(f"{file.name}.{key}")


def _unwrapped(header: Header, passphrase: Secret, store: Path) -> RootKey:
    from envguard.store.passphrase import WrongPassphraseError, unwrap  # noqa: PLC0415 - a choice

    try:
        return RootKey(unwrap(header.wrapped, passphrase))
    except WrongPassphraseError:
        raise BackendError(
            f"this passphrase does not open the store {store}",
            f"type it again; if it is lost: mv {store} {store}.lost, then restore a backup: "
            "envguard secrets restore FILE",
        ) from None
