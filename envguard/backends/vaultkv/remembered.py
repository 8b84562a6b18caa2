"""The writes that a secret remembers in its custom metadata, so that one that is repeated does
nothing.

A write is noted before it is done, under the number that its version will have: check-and-set makes
sure that no other write gets this number, so that one which was killed half-way can be told from
one that was done. Each note is a text of its own, so that two writers lose none: its name has the
version and a digest of the token, its text eight bytes for each field: four of a digest of the
token and the field, four of a digest of both with the value. Tokens are random, and without the
token neither gives a value away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from envguard.backends.vaultkv.engine import Texts
from envguard.core.digest import digest
from envguard.core.errors import UsageError
from envguard.core.secret import Secret

PREFIX = "envguard-write-"

# https://developer.hashicorp.com/vault/docs/secrets/kv/kv-v2/cookbook/custom-metadata: 64 texts of
# 512 bytes; what is said about a secret needs some of them.
MOST_TEXTS, LONGEST_TEXT, LONGEST_NAME = 64, 512, 128
_MOST = 40

_HEX = 8  # of four bytes
_PIECE = LONGEST_TEXT // (2 * _HEX) * (2 * _HEX)


def versions_of(texts: Texts, field: str, value: Secret | None, token: str) -> list[int]:
    """The versions, newest first, that a write of this value with this token was to have. Raises
    UsageError where it was to be another value."""
    own, whole = _digests(field, value, token)
    found = []
    for version, told, entries in _notes(texts):
        if told != _token(token) or own not in entries:
            continue
        if entries[own] != whole:
            raise UsageError(
                f"{field} was written with this token before, with another value",
                "use another token for another value",
            )
        found.append(version)
    return sorted(found, reverse=True)


def noted(
    texts: Texts, changes: Mapping[str, Secret | None], token: str, version: int
) -> dict[str, str | None]:
    """The texts that note a write, and those of the oldest writes that must go (None), so that
    there is room. Of a very large write the first fields alone are remembered."""
    told = "".join("".join(_digests(field, value, token)) for field, value in changes.items())
    pieces = [told[at : at + _PIECE] for at in range(0, len(told), _PIECE)]
    others = sum(not name.startswith(PREFIX) for name in texts)
    room = max(0, min(_MOST, MOST_TEXTS - 1 - others))  # one more is the key's own
    name = f"{PREFIX}{version}-{_token(token)}"
    new = {f"{name}-{number}": piece for number, piece in enumerate(pieces[:room])}
    old = sorted((one for one in texts if one.startswith(PREFIX) and one not in new), key=_version)
    return {**dict.fromkeys(old[: max(0, len(old) + len(new) - room)]), **new}


def _notes(texts: Texts) -> Iterator[tuple[int, str, Mapping[str, str]]]:
    for name, text in texts.items():
        _, _, rest = name.partition(PREFIX)
        version, _, token = rest.partition("-")
        if name.startswith(PREFIX) and version.isdigit():
            step = 2 * _HEX
            entries = [text[at : at + step] for at in range(0, len(text), step)]
            yield (
                int(version),
                token.partition("-")[0],
                {entry[:_HEX]: entry[_HEX:] for entry in entries},
            )


def _version(name: str) -> int:
    number = name.removeprefix(PREFIX).partition("-")[0]
    return int(number) if number.isdigit() else 0


def _token(token: str) -> str:
    return digest(token.encode())[:8].hex()


def _digests(field: str, value: Secret | None, token: str) -> tuple[str, str]:
    told, named = token.encode(), field.encode()
    plain = b"" if value is None else b"=" + value.reveal().encode()
    return digest(told, named)[:4].hex(), digest(told, named, plain)[:4].hex()
