"""Synthetic keys of Azure that identify themselves, with true checksums."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from random import Random

from envguard.detection.samples.letters import ALNUM, letters

AZURE: Mapping[str, tuple[int, bytes, int]] = {
    "batch": (64, b"+ABa", 0x4162416363743030),
    "cosmos": (64, b"ACDb", 0x4D61737452573030),
    "functions": (40, b"AzFu", 0x4D61737465723030),
    "gateway": (64, b"APIM", 0x4761746577793030),
    "iot": (32, b"AIoT", 0x4465766963653030),
    "redis": (32, b"AzCa", 0x4163636573733030),
    "registry": (39, b"+ACR", 0x41435244666C7430),
    "search": (39, b"AzSe", 0x5041646D696E3030),
    "service-bus": (32, b"+ASb", 0x53656E6430303030),
    "storage": (64, b"+ASt", 0x44656661756C7430),
}
"""Bytes of a key, its signature, and the seed of its checksum:
https://github.com/microsoft/security-utilities"""


def azure(random: Random, service: str) -> str:
    """An identifiable key of an Azure service."""
    size, signature, seed = AZURE[service]
    head = letters(random, ALNUM, (size * 8 + 5) // 6 - 10).encode() + signature
    number = 0
    for letter in head:
        number = number << 6 | BASE64.index(letter)
    spare = (size - 4) * 8 - len(head) * 6
    body = (number << spare).to_bytes(size - 4, "big")
    text = b64encode(body + marvin32(body, seed)).decode()
    if service == "search" and not text.isalnum():
        return azure(random, service)  # they are made until they have no other letters
    return text.replace("+", "-").replace("/", "_") if service == "functions" else text


BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def marvin32(data: bytes, seed: int) -> bytes:
    """The checksum of identifiable keys: https://github.com/microsoft/SymCrypt (marvin32.c)."""
    words = 2**32
    state = [seed % words, seed // words]

    def block(word: int) -> None:
        low, high = (state[0] + word) % words, state[1]
        for turn_low, turn_high in ((20, 9), (27, 19)):
            high ^= low
            low = (low * 2**turn_low % words + low // 2 ** (32 - turn_low) + high) % words
            high = high * 2**turn_high % words + high // 2 ** (32 - turn_high)
        state[:] = low, high

    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        block(int.from_bytes(data[at : at + 4], "little"))
    block(int.from_bytes(data[whole:] + b"\x80", "little"))
    block(0)
    return (state[0] ^ state[1]).to_bytes(4, "little")
