"""Synthetic tokens of providers, with true checksums."""

from __future__ import annotations

import json
import string
from base64 import b32encode, b64encode
from binascii import crc_hqx
from hashlib import sha256
from random import Random
from zlib import crc32

from envguard.detection.samples.letters import (
    ALNUM,
    ALPHABETS,
    BASE58,
    BECH32,
    in_base,
    letters,
    unpadded,
)


def github(random: Random, prefix: str) -> str:
    """A token of GitHub or npm."""
    body = letters(random, ALNUM, 30)
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    return prefix + body + in_base(crc32(body.encode()), digits, 6)


def gitlab(random: Random, prefix: str) -> str:
    """A routable token of GitLab."""
    routing = b"c:1\no:1\nu:2"
    payload = unpadded(random.randbytes(16) + routing + bytes([len(routing)]))
    digits = string.digits + string.ascii_lowercase
    head = f"{prefix}{payload}.01.{in_base(len(payload), digits, 2)}"
    return head + in_base(crc32(head.encode()), digits, 7)


def grafana(random: Random, _: str) -> str:
    """A service account token of Grafana."""
    head = "glsa_" + letters(random, ALNUM, 32)
    return f"{head}_{crc32(head.encode()).to_bytes(4, 'little').hex()}"


def confluent(random: Random, _: str) -> str:
    """An API secret of Confluent Cloud."""
    body = letters(random, ALNUM + "+/", 54)
    check = b64encode(crc32(body.encode()).to_bytes(4, "little")).decode()
    return f"cflt{body}{check[:6]}"


def zuplo(random: Random, _: str) -> str:
    """An API key of Zuplo."""
    body = letters(random, ALPHABETS["lower36"], 32)
    return f"zpka_{body}_{crc32(body.encode()):08x}"


def cloudflare(random: Random, prefix: str) -> str:
    """A scannable credential of Cloudflare."""
    body = letters(random, ALNUM, 40)
    return f"{prefix}{body}{crc32(body.encode()):08x}"


def atlassian(random: Random, prefix: str) -> str:
    """An API token of Atlassian, or an app password of Bitbucket."""
    head = prefix + letters(random, ALNUM, 24 if prefix == "ATBB" else 176)
    head += "" if prefix == "ATBB" else "="
    return f"{head}{crc32(head.encode()):08X}"


def packagist(random: Random, prefix: str) -> str:
    """A token of Private Packagist."""
    head = prefix + letters(random, ALPHABETS["hex"], 60)
    return f"{head}{crc32(head.encode()):08x}"


def nkey(random: Random, kind: str) -> str:
    """A seed of NATS of a kind: the letter that its public key begins with."""
    public = ALPHABETS["upper32"].index(kind) << 3
    raw = bytes([18 << 3 | public >> 5, (public & 31) << 3]) + random.randbytes(32)
    return b32encode(raw + crc_hqx(raw, 0).to_bytes(2, "little")).decode().rstrip("=")


def base58check(data: bytes) -> str:
    """Bytes in Bitcoin's base 58, with their checksum; they begin with no zero."""
    number = int.from_bytes(data + sha256(sha256(data).digest()).digest()[:4], "big")
    text = ""
    while number:
        number, rest = divmod(number, 58)
        text = BASE58[rest] + text
    return text


def wif(random: Random, kind: str) -> str:
    """A private key of Bitcoin; K is one for a compressed public key."""
    return base58check(b"\x80" + random.randbytes(32) + (b"\1" if kind == "K" else b""))


def xprv(random: Random, _: str) -> str:
    """An extended private key of the main network, at the top of its tree."""
    head = bytes.fromhex("0488ade4") + bytes(9)
    return base58check(head + random.randbytes(32) + b"\0" + random.randbytes(32))


def words(random: Random, count: str) -> str:
    """So many words of three to eight letters."""
    return " ".join(
        letters(random, string.ascii_lowercase, random.randrange(3, 9)) for _ in range(int(count))
    )


def aws(random: Random, prefix: str) -> str:
    """An access key id of AWS."""
    return prefix + letters(random, string.ascii_uppercase + "234567", 16)


def jwt(random: Random, algorithm: str) -> str:
    """A JSON Web Token, signed by nobody."""
    header = unpadded(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
    payload = unpadded(json.dumps({"sub": letters(random, ALNUM, 12), "exp": 1}).encode())
    return f"{header}.{payload}.{unpadded(random.randbytes(32))}"


def pypi(random: Random, host: str) -> str:
    """An API token of PyPI: a macaroon of version 2 with one caveat."""

    def field(kind: int, data: bytes) -> bytes:
        return bytes([kind, len(data)]) + data

    identifier = letters(random, "0123456789abcdef", 36).encode()
    caveat = field(2, b'{"version": 1, "permissions": "user"}') + b"\0"
    head = b"\2" + field(1, host.encode()) + field(2, identifier) + b"\0"
    return "pypi-" + unpadded(head + caveat + b"\0" + field(6, random.randbytes(32)))


def age(random: Random, _: str) -> str:
    """An identity of age, in bech32 (BIP 173)."""
    name = "age-secret-key-"
    number = int.from_bytes(random.randbytes(32), "big") << 4
    values = [number >> shift & 31 for shift in range(255, -1, -5)]
    words = [ord(c) >> 5 for c in name] + [0] + [ord(c) & 31 for c in name] + values + [0] * 6
    check = 1
    for word in words:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ word
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= term if top >> bit & 1 else 0
    check ^= 1
    values += [check >> shift & 31 for shift in range(25, -1, -5)]
    return f"{name}1{''.join(BECH32[value] for value in values)}".upper()


def uuid(random: Random, _: str) -> str:
    """A random UUID of version 4, in small letters."""
    digits = letters(random, "0123456789abcdef", 32)
    parts = digits[:8], digits[8:12], f"4{digits[13:16]}", f"a{digits[17:20]}", digits[20:]
    return "-".join(parts)


def discord(random: Random, _: str) -> str:
    """A bot's token of Discord."""
    snowflake = str(random.randrange(10**17, 10**19)).encode()
    rest = letters(random, ALNUM, 6), letters(random, ALNUM + "_-", 36) + "x"
    return ".".join((unpadded(snowflake), *rest))
