"""Keys whose text carries its own checksum: bech32, base58check, and the seeds of NATS."""

from __future__ import annotations

from binascii import Error as Base32Error
from binascii import crc_hqx
from itertools import chain

_BECH32 = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BASE58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def age(key: bytes) -> bool:
    """An age identity: bech32 (BIP 173) with a correct checksum.

    https://github.com/C2SP/C2SP/blob/main/age.md#the-x25519-recipient-type
    """
    name, _, data = key.lower().rpartition(b"1")
    values = [_BECH32.find(letter) for letter in data]
    if -1 in values or len(values) != 58:
        return False
    check = 1
    for value in chain((c >> 5 for c in name), (0,), (c & 31 for c in name), values):
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(
            (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
        ):
            check ^= generator if top >> bit & 1 else 0
    return check == 1


_SEED = 18 << 3  # the letter S of a seed; its kind is in the next five bits
_KINDS = {kind << 3 for kind in (0, 2, 13, 14, 20, 23)}  # A, C, N, O, U, X


def nkey(seed: bytes) -> bool:
    """A seed of NATS: 36 bytes in base32, the last two the CRC-16 (XMODEM) of those before them.

    https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/nkey_auth ,
    https://github.com/nats-io/nkeys/blob/main/strkey.go
    """
    from base64 import b32decode, b32encode  # noqa: PLC0415 - few texts hold one

    try:
        data = b32decode(seed + b"=" * (-len(seed) % 8))
    except Base32Error:
        return False
    if len(data) != 36 or data[0] & 0xF8 != _SEED or b32encode(data).rstrip(b"=") != seed:
        return False
    kind = (data[0] & 7) << 5 | (data[1] & 0xF8) >> 3
    return kind in _KINDS and crc_hqx(data[:-2], 0) == int.from_bytes(data[-2:], "little")


def base58check(key: bytes) -> bool:
    """A private key of Bitcoin (WIF) or an extended one (BIP 32), with a correct checksum: the
    first four bytes of the SHA-256 of the SHA-256 of those before it.

    https://en.bitcoin.it/wiki/Wallet_import_format ,
    https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki#serialization-format
    """
    from hashlib import sha256  # noqa: PLC0415 - loads OpenSSL: 3 ms of a scan without findings

    number = 0
    for letter in key:
        digit = _BASE58.find(letter)
        if digit < 0:
            return False
        number = number * 58 + digit
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    body, check = data[:-4], data[-4:]
    return _is_private(body) and sha256(sha256(body).digest()).digest()[:4] == check


_EXTENDED = (0x0488ADE4, 0x049D7878, 0x04B2430C, 0x04358394, 0x044A4E28, 0x045F18BC)
"""Versions: xprv, yprv, zprv, tprv, uprv, vprv (SLIP 132)."""


def _is_private(body: bytes) -> bool:
    if len(body) == 78:
        return int.from_bytes(body[:4], "big") in _EXTENDED and body[45] == 0
    is_wif = len(body) == 33 or (len(body) == 34 and body[33] == 1)
    return is_wif and body[0] in (0x80, 0xEF)
