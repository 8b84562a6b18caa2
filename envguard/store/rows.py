"""Rows of the store's tables, and what stands for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from envguard.core.errors import BackendError
from envguard.core.mac import sha256
from envguard.store.cipher import ENCRYPTIONS, ForgedError

TAG = 16
"""Bytes of the HMAC under which a name is found."""

_MAC = 32


def digest(rows: Iterable[tuple[bytes, ...]]) -> str:
    """What stands for all the rows of a table: SHA-256, hexadecimal, over their tags and MACs;
    `rows` come in the order of the tags."""
    return sha256(b"".join(chain.from_iterable(rows))).hexdigest()


def listing(rows: list[tuple[bytes, ...]], count: int, expected: str) -> dict[bytes, bytes]:
    """Tags and MACs, proved to be all that there are. Raises ForgedError."""
    found = {tag: mac for tag, mac in rows}  # noqa: C416 - dict() does not know that they are pairs
    # Of these lengths only, a joined text can be taken apart in one way.
    lengths = set(map(len, found)) <= {TAG} and set(map(len, found.values())) <= {_MAC}
    if not lengths or len(found) != count or digest(rows) != expected:
        raise ForgedError
    return found


def only(rows: list[tuple[bytes, ...]]) -> tuple[bytes, ...]:
    """The one row that must be there. Raises ForgedError."""
    if len(rows) != 1:
        raise ForgedError
    return rows[0]


def check_encryptions(count: int) -> None:
    """Raises BackendError where the keys may do no more."""
    if count > ENCRYPTIONS:
        raise BackendError(
            f"the keys of this store have done {ENCRYPTIONS} encryptions, and may do no more",
            "begin with new keys: envguard secrets rotate-key",
        )
