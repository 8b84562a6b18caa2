"""Writes that a backend remembers, so that one that is repeated does nothing."""

from __future__ import annotations

from typing import NamedTuple

from envguard.core.digest import digest
from envguard.core.errors import UsageError
from envguard.core.secret import Secret

_REMEMBERED = 4
"""Writes of one name that are remembered."""


class Write(NamedTuple):
    """A write that was done: digests of its token, and of the token with the value. Tokens are
    random, and without the token neither digest gives a value away."""

    token: str
    content: str
    version: int


def done(writes: tuple[Write, ...], name: str, value: Secret, token: str) -> int | None:
    """The version that a write with this token made; None where there was none. Raises UsageError
    where it carried another value."""
    told, content = _digests(value, token)
    for write in writes:
        if write.token == told:
            if write.content != content:
                raise UsageError(
                    f"{name} was written with this token before, with another value",
                    "use another token for another value",
                )
            return write.version
    return None


def remembered(
    writes: tuple[Write, ...], value: Secret, token: str, version: int
) -> tuple[Write, ...]:
    """The writes after one more."""
    return (*writes, Write(*_digests(value, token), version))[-_REMEMBERED:]


def _digests(value: Secret, token: str) -> tuple[str, str]:
    told, plain = token.encode(), value.reveal().encode("utf-8", "surrogatepass")
    return digest(told)[:8].hex(), digest(told, plain)[:8].hex()
