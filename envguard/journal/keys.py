"""The journal's own keys, derived from the root key, and the names its files may have."""

from __future__ import annotations

import re

from envguard.core.errors import UsageError
from envguard.core.hkdf import hkdf
from envguard.core.text import printable

ROOT_KEY_BYTES = 32

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def derive(root_key: bytes, info: bytes) -> bytes:
    """32 bytes for one purpose: HKDF of the root key's 32 bytes, without a salt."""
    if len(root_key) != ROOT_KEY_BYTES:
        raise ValueError(f"a root key has {ROOT_KEY_BYTES} bytes, this one {len(root_key)}")
    return hkdf(root_key, b"", info)


def checked_id(migration: str) -> str:
    """A migration's id, which is also a file name. Raises UsageError for any other text."""
    if not _ID.fullmatch(migration):
        raise UsageError(
            f"'{printable(migration)}' is not the id of a migration", "envguard migrate list"
        )
    return migration
