"""Keys of Azure that can be told from all other texts: a service's signature at a fixed place, and
a Marvin32 checksum under a seed of the service's.

https://github.com/microsoft/security-utilities (IdentifiableSecrets.cs, IdentifiableMetadata.cs)
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable, Mapping

from envguard.detection.keys.base64_text import unbase64

_MASK = 0xFFFFFFFF


def marvin32(data: bytes, seed: int) -> tuple[int, int]:
    """The two halves of Marvin32's checksum, the lower first.
    https://github.com/microsoft/SymCrypt/blob/main/lib/marvin32.c"""
    low, high = seed & _MASK, seed >> 32
    padded = data + b"\x80" + b"\0" * (3 - len(data) % 4)
    for at in range(0, len(padded), 4):
        low, high = _mixed(low + int.from_bytes(padded[at : at + 4], "little") & _MASK, high)
    return _mixed(low, high)


def _mixed(low: int, high: int) -> tuple[int, int]:
    high ^= low
    low = (_rotated(low, 20) + high) & _MASK
    high = _rotated(high, 9) ^ low
    low = (_rotated(low, 27) + high) & _MASK
    return low, _rotated(high, 19)


def _rotated(word: int, bits: int) -> int:
    return (word << bits | word >> (32 - bits)) & _MASK


def checksum(data: bytes, seed: bytes) -> bytes:
    """The four bytes that stand at the end of a key; `seed` is a text of eight characters."""
    low, high = marvin32(data, int.from_bytes(seed, "big"))
    return (low ^ high).to_bytes(4, "little")


_MESSAGING = (b"Send0000", b"Manage00", b"Listen00", b"System00", b"Unknown0")
SEEDS: Mapping[bytes, Iterable[bytes]] = {
    b"+ABa": [b"AbAcct00"],
    b"+ACR": [b"ACRDflt0"],
    b"+AEh": _MESSAGING,
    b"+AMC": [b"Classic0"],
    b"+ARm": _MESSAGING,
    b"+ASb": _MESSAGING,
    b"+ASt": [b"Default0"],
    b"ACDb": [
        *(b"MastRO00", b"MastRW00", b"SystRO00", b"SystRW00", b"SysAll00"),
        *(b"Resour00", b"Encryp00"),
    ],
    b"AIoT": [b"IoTHub00", b"DpsKey00", b"Device00"],
    b"APIM": [b"Tenant00", b"IoTHub00", b"Gatewy00", b"GitKey00"],
    b"AZEG": [b"SendRecv", b"Default0"],
    b"AzCa": [b"Access00"],
    b"AzFu": [b"Functi00", b"Master00", b"System00"],
    b"AzSe": [b"Query000", b"PAdmin00"],
}
"""The seeds of each signature."""

_CHECKSUM = 4  # bytes
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def identifiable(key: bytes) -> bool:
    """Whether the checksum of a key is right: its last four bytes, after its signature."""
    data = unbase64(key) or b""
    if b2a_base64(data, newline=False).translate(_URL_SAFE) != key.translate(_URL_SAFE):
        return False  # the last letter has bits that mean nothing
    body, given = data[:-_CHECKSUM], data[-_CHECKSUM:]
    signature = key.rstrip(b"=")[-10:-6]
    return any(checksum(body, seed) == given for seed in SEEDS.get(signature, ()))
