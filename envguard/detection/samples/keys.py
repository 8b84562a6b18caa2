"""Synthetic private keys: true frames around random numbers."""

from __future__ import annotations

from base64 import b64encode
from random import Random


def _der(tag: int, *parts: bytes) -> bytes:
    """An element of DER (X.690)."""
    content = b"".join(parts)
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8 or 1, "big")
    head = size if len(content) < 128 else bytes([0x80 | len(size)]) + size
    return bytes([tag]) + head + content


def _number(random: Random, bits: int) -> bytes:
    """A random number of so many bits, in DER."""
    number = random.getrandbits(bits) | 1 << (bits - 1)
    return _der(2, number.to_bytes(bits // 8 + 1, "big"))


_P256 = bytes.fromhex("06082a8648ce3d030107")


def _key(random: Random, kind: str) -> bytes:
    """A private key in DER whose numbers are random; without a kind in PKCS #8."""
    if kind == "EC":
        curve, point = _der(0xA0, _P256), _der(0xA1, _der(3, b"\0\4" + random.randbytes(64)))
        return _der(0x30, b"\2\1\1", _der(4, random.randbytes(32)), curve, point)
    if kind == "DSA":
        numbers = [_number(random, bits) for bits in (1024, 160, 1024, 1024, 160)]
        return _der(0x30, b"\2\1\0", *numbers)
    half = random.choice((512, 1024))
    numbers = [_number(random, 2 * half), b"\2\3\1\0\1", _number(random, 2 * half)]
    key = _der(0x30, b"\2\1\0", *numbers, *(_number(random, half) for _ in range(5)))
    if kind == "RSA":
        return key
    algorithm = _der(0x30, bytes.fromhex("06092a864886f70d0101010500"))
    return _der(0x30, b"\2\1\0", algorithm, _der(4, key))


def _string(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def _openssh(random: Random) -> bytes:
    """A key of OpenSSH, Ed25519, without a passphrase."""
    public = _string(b"ssh-ed25519") + _string(random.randbytes(32))
    check, secret = random.randbytes(4), random.randbytes(64)
    hidden = check * 2 + public + _string(secret) + _string(b"ada@example.com")
    hidden += bytes(range(1, 9 - len(hidden) % 8)) if len(hidden) % 8 else b""
    head = b"openssh-key-v1\0" + _string(b"none") * 2 + _string(b"") + b"\0\0\0\1"
    return head + _string(public) + _string(hidden)


def _pgp(random: Random) -> bytes:
    """A secret key packet of PGP: RSA of 2048 bits, without a passphrase."""
    modulus = b"\x08\0" + bytes([0x80 | random.randrange(128)]) + random.randbytes(255)
    public = b"\4" + random.randbytes(4) + b"\1" + modulus + b"\0\x11\1\0\1"
    content = public + b"\0" + random.randbytes(660)
    return b"\x95" + len(content).to_bytes(2, "big") + content


def pem_lines(random: Random, label: str) -> list[str]:
    """The lines of an armoured key: a true frame around random numbers."""
    kind = label.split(maxsplit=1)[0]
    makers = {"OPENSSH": _openssh, "PGP": _pgp}
    data = makers[kind](random) if kind in makers else _key(random, kind)
    body = b64encode(data).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return [f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"]


def der(random: Random, kind: str) -> str:
    """A private key in base64, without armour; without a kind in PKCS #8."""
    return b64encode(_key(random, kind)).decode()


def putty(random: Random, encryption: str) -> str:
    """A key file of PuTTY, version 3, Ed25519."""
    public = _string(b"ssh-ed25519") + _string(random.randbytes(32))
    lines = [b64encode(public).decode()[at : at + 64] for at in (0, 64)]
    return "\n".join(
        [
            "PuTTY-User-Key-File-3: ssh-ed25519",
            f"Encryption: {encryption}",
            "Comment: ada@example.com",
            "Public-Lines: 2",
            *lines,
            "Private-Lines: 1",
            b64encode(_string(random.randbytes(32))).decode(),
            f"Private-MAC: {random.randbytes(32).hex()}",
        ]
    )


def pem(random: Random, label: str) -> str:
    """An armoured key."""
    return "\n".join(pem_lines(random, label)) + "\n"


def pem_escaped(random: Random, label: str) -> str:
    """An armoured key in one line of code or JSON."""
    return "\\n".join(pem_lines(random, label)) + "\\n"


def pem_quoted(random: Random, label: str) -> str:
    """An armoured key as quoted lines of code."""
    return " +\n".join(f'    "{line}\\n"' for line in pem_lines(random, label))


def pem_base64(random: Random, label: str) -> str:
    """An armoured key, in base64 once more."""
    return b64encode(pem(random, label).encode()).decode()
