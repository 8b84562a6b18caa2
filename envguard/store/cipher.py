"""How the store encrypts and authenticates: HKDF-SHA256, AES-256-GCM and HMAC-SHA256.

The store's door to the `cryptography` package. Fields are joined with their lengths in front, so
that no two lists of fields give the same bytes.
"""

from __future__ import annotations

import os
from enum import Enum
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag

from envguard.core.alone import load_alone
from envguard.core.hkdf import hkdf
from envguard.core.mac import compare_digest, hmac_sha256
from envguard.store.keys import RootKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
else:
    # Its package also imports the other ciphers: 3 of the 60 ms of a start.
    AESGCM = load_alone("cryptography.hazmat.primitives.ciphers.aead").AESGCM

FORMAT = 1
"""The version of everything that is written into a store."""

ENCRYPTIONS = 2**31
"""How many encryptions one key may do. NIST SP 800-38D section 8.3 allows 2^32 with random
nonces of 96 bits; half of it leaves room for those that were never committed."""

_NONCE = 12
_TAG = 16


class ForgedError(Exception):
    """Something in the store is not what the holder of its key wrote: damaged, or tampered."""


class Purpose(Enum):
    """What a key does; each purpose has a key of its own."""

    VALUE = "value"  # encrypts values
    HEAD = "head"  # encrypts names and metadata
    NAME = "name"  # HMAC under which a name is found
    STATE = "state"  # HMAC over heads, namespaces and the store's own row
    TRAIL = "trail"  # encrypts the lines of the trail, and the key of its chain
    RETIRED = "retired"  # encrypts earlier root keys


def pack(*fields: bytes | str | int) -> bytes:
    """The fields, each with its length in front (4 bytes, big-endian). A text is its UTF-8 with
    lone surrogates kept, a number 8 bytes, big-endian."""
    joined = bytearray()
    for field in fields:
        if isinstance(field, str):
            field = field.encode("utf-8", "surrogatepass")  # noqa: PLW2901 - the same field
        elif isinstance(field, int):
            field = field.to_bytes(8, "big")  # noqa: PLW2901 - the same field
        joined += len(field).to_bytes(4, "big") + field
    return bytes(joined)


def unpack(packed: bytes) -> list[bytes]:
    """The fields that `pack` joined. Raises ForgedError for anything else."""
    fields = []
    at = 0
    while at < len(packed):
        start = at + 4
        at = start + int.from_bytes(packed[at:start], "big")
        if at > len(packed):
            raise ForgedError
        fields.append(packed[start:at])
    return fields


class Sealer:
    """AES-256-GCM under one key of 32 bytes; what is sealed begins with its random nonce."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plaintext: bytes, data: bytes) -> bytes:
        """The plaintext, encrypted: nonce, ciphertext, tag. Opens with the same `data` only."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plaintext, data)

    def open(self, sealed: bytes, data: bytes) -> bytes:
        """What `seal` was given. Raises ForgedError where the bytes or the data differ."""
        if len(sealed) < _NONCE + _TAG:
            raise ForgedError
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], data)
        except InvalidTag:
            raise ForgedError from None


class Keys:
    """The keys of one namespace of one store. The empty namespace is the store itself."""

    def __init__(self, root: RootKey, store: bytes, namespace: str) -> None:
        self._root = root
        self._store = store
        self._namespace = namespace
        self._derived: dict[Purpose, bytes] = {}
        self._sealers: dict[Purpose, Sealer] = {}

    def seal(self, purpose: Purpose, plaintext: bytes, *context: bytes | str | int) -> bytes:
        """The plaintext, encrypted. Opens under the same context only."""
        return self._sealer(purpose).seal(plaintext, self._associated(purpose, context))

    def open(self, purpose: Purpose, sealed: bytes, *context: bytes | str | int) -> bytes:
        """What `seal` was given. Raises ForgedError where the bytes or the context differ."""
        return self._sealer(purpose).open(sealed, self._associated(purpose, context))

    def mac(self, purpose: Purpose, *fields: bytes | str | int) -> bytes:
        """An HMAC-SHA256 over the fields: 32 bytes."""
        return hmac_sha256(self._key(purpose), pack(*fields))

    def verify(self, mac: bytes, purpose: Purpose, *fields: bytes | str | int) -> None:
        """Raises ForgedError unless `mac` is the one over the fields."""
        if not compare_digest(mac, self.mac(purpose, *fields)):
            raise ForgedError

    def _associated(self, purpose: Purpose, context: tuple[bytes | str | int, ...]) -> bytes:
        namespace, key = self._namespace, self._root.id
        return pack(FORMAT, purpose.value, self._store, namespace, key, *context)

    def _key(self, purpose: Purpose) -> bytes:
        if purpose not in self._derived:
            info = pack(FORMAT, purpose.value, self._namespace)
            self._derived[purpose] = hkdf(self._root.reveal(), self._store, info)
        return self._derived[purpose]

    def _sealer(self, purpose: Purpose) -> Sealer:
        if purpose not in self._sealers:
            self._sealers[purpose] = Sealer(self._key(purpose))
        return self._sealers[purpose]
