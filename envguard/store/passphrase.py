"""What a passphrase protects: a root key, or a backup. scrypt (RFC 7914) makes a key of it.

As text: `scrypt$LOG2N$R$P$SALT$SEALED`, the last two hexadecimal; SEALED is the nonce and what
AES-256-GCM makes of the content, with all that stands before it as associated data.
"""

from __future__ import annotations

import hashlib
import os
import re

from envguard.core.secret import Secret
from envguard.store.cipher import ForgedError, Sealer

LOG2_N, BLOCK, PARALLEL = 17, 8, 1
"""128 MiB and a third of a second: OWASP Password Storage Cheat Sheet, scrypt."""

_LEAST, _MOST = 15, 20  # of LOG2_N: less is too weak, more takes a gigabyte
_MEMORY = 128 << 21  # bytes that OpenSSL may take beyond 128 * N * r
_SALT, _KEY = 16, 32  # bytes
_TEXT = re.compile(r"(scrypt\$(\d{2})\$8\$1\$([0-9a-f]{32}))\$([0-9a-f]{56,})")


class WrongPassphraseError(Exception):
    """The passphrase is another one, or the text was changed: no one can tell which."""


def wrap(content: bytes, passphrase: Secret) -> str:
    """The content under a passphrase, as text."""
    salt = os.urandom(_SALT)
    head = f"scrypt${LOG2_N}${BLOCK}${PARALLEL}${salt.hex()}"
    return f"{head}${_sealer(passphrase, salt, LOG2_N).seal(content, head.encode()).hex()}"


def unwrap(text: str, passphrase: Secret) -> bytes:
    """What `wrap` was given. Raises WrongPassphraseError."""
    found = _TEXT.fullmatch(text)
    if found is None or not _LEAST <= int(found[2]) <= _MOST:
        raise WrongPassphraseError
    sealer = _sealer(passphrase, bytes.fromhex(found[3]), int(found[2]))
    try:
        return sealer.open(bytes.fromhex(found[4]), found[1].encode())
    except (ForgedError, ValueError):
        raise WrongPassphraseError from None


def _sealer(passphrase: Secret, salt: bytes, log2_n: int) -> Sealer:
    secret = passphrase.reveal().encode("utf-8", "surrogateescape")
    memory = 128 * BLOCK * 2**log2_n + _MEMORY
    key = hashlib.scrypt(
        secret, salt=salt, n=2**log2_n, r=BLOCK, p=PARALLEL, maxmem=memory, dklen=_KEY
    )
    return Sealer(key)
