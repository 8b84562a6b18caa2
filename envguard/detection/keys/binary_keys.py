"""Private keys in the formats of OpenSSH, PGP and PuTTY: what kind of key, and whether a
passphrase protects it."""

from __future__ import annotations

from re import MULTILINE
from re import compile as regex

from envguard.detection.keys.base64_text import unbase64
from envguard.detection.keys.private_keys import CURVES, PrivateKey, unescaped

_OPENSSH = b"openssh-key-v1\0"


def openssh(data: bytes) -> PrivateKey | None:
    """https://cvsweb.openbsd.org/src/usr.bin/ssh/PROTOCOL.key"""
    if not data.startswith(_OPENSSH) or len(data) < 100:
        return None
    cipher, at = _text(data, len(_OPENSSH))
    _, at = _text(data, at)  # how the passphrase becomes a key
    _, at = _text(data, at)
    public, at = _text(data, at + 4)  # after the number of keys
    hidden, _ = _text(data, at)
    kind, size = _of_public(public)
    # Two equal numbers, the key with its public part, and the comment.
    comment = hidden[-_LONGEST:] if cipher == b"none" else b""
    return PrivateKey(kind, size, cipher != b"none", _last_text(comment))


_LONGEST = 400  # bytes of a comment, with its padding


def _last_text(content: bytes) -> str:
    """The comment at the end of an OpenSSH key: printable, with its length in front and the
    padding 1, 2, 3 … behind it."""
    bare = content
    for byte in range(content[-1] if content and content[-1] < 16 else 0, 0, -1):
        if bare[-1:] != bytes([byte]):
            return ""
        bare = bare[:-1]
    for size in range(1, min(len(bare), 256) - 3):
        if bare[-size - 4 : -size] == size.to_bytes(4, "big"):
            return bare[-size:].decode("utf-8", "replace")
    return ""


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    """A string of SSH (RFC 4251, section 5), and where it ends."""
    end = at + 4 + int.from_bytes(data[at : at + 4], "big")
    return data[at + 4 : end], end


_KINDS = {
    b"ssh-rsa": "RSA",
    b"ssh-dss": "DSA",
    b"ssh-ed25519": "Ed25519",
    b"ssh-ed448": "Ed448",
    b"sk-ssh-ed25519@openssh.com": "Ed25519 (security key)",
    b"sk-ecdsa-sha2-nistp256@openssh.com": "EC (security key)",
}
_NIST = {b"nistp256": "P-256", b"nistp384": "P-384", b"nistp521": "P-521"}


def _of_public(public: bytes) -> tuple[str, str]:
    """The kind and the size of a public key of SSH (RFC 4253, section 6.6; RFC 5656)."""
    name, at = _text(public, 0)
    if name.startswith(b"ecdsa-sha2-"):
        return "EC", _NIST.get(name[11:], "")
    kind = _KINDS.get(name, "")
    if kind in ("RSA", "DSA"):
        number, at = _text(public, at)
        if kind == "RSA":
            number, _ = _text(public, at)  # after the exponent
        bits = int.from_bytes(number, "big").bit_length()
        return kind, f"{bits} bits" if bits else ""
    return kind, ""


_PGP = {
    1: "RSA",
    2: "RSA",
    3: "RSA",
    16: "Elgamal",
    17: "DSA",
    18: "ECDH",
    19: "EC",
    22: "EdDSA",
    25: "X25519",
    26: "X448",
    27: "Ed25519",
    28: "Ed448",
}
_NUMBERS = {"RSA": 2, "DSA": 4, "Elgamal": 3}  # of the public part
_RAW = {"X25519": 32, "X448": 56, "Ed25519": 32, "Ed448": 57}  # its bytes


def pgp(data: bytes) -> PrivateKey | None:
    """A secret key packet, in the old or in the new format: RFC 9580, sections 4.2 and 5.5."""
    if len(data) < 64:
        return None
    if data[0] & 0xFC == 0x94:
        at = 1 + (1, 2, 4, 0)[data[0] & 3]
    elif data[0] == 0xC5:
        at = 2 if data[1] < 192 else 3 if data[1] < 224 else 6
    else:
        return None
    version, algorithm = data[at], data[at + 5]
    at += 6
    if version == 3:
        algorithm, at = data[at + 1], at + 2
    elif version == 6:
        at += 4
    kind = _PGP.get(algorithm, "")
    if not 3 <= version <= 6:
        return None
    if not kind:
        return PrivateKey("PGP", "", False)
    size = ""
    if kind in _NUMBERS:
        size = f"{int.from_bytes(data[at : at + 2], 'big')} bits"
        for _ in range(_NUMBERS[kind]):
            at = _after_number(data, at)
    elif kind in _RAW:
        at += _RAW[kind]
    else:
        oid = data[at + 1 : at + 1 + data[at]]
        size, at = CURVES.get(oid, ""), _after_number(data, at + 1 + len(oid))
        if kind == "ECDH":
            at += 1 + int.from_bytes(data[at : at + 1], "big")
    return PrivateKey(f"PGP {kind}", size, data[at : at + 1] not in (b"\0", b""))


def _after_number(data: bytes, at: int) -> int:
    return at + 2 + (int.from_bytes(data[at : at + 2], "big") + 7) // 8


_HEADER = regex(rb"^(PuTTY-User-Key-File-[23]|Encryption|Comment): ?([^\r\n]*)", MULTILINE)
_LINES = regex(rb"(Public|Private)-Lines: ([0-9]{1,3})\s")


def putty(text: bytes) -> PrivateKey | None:
    """A key file of PuTTY, version 2 or 3: what it says of its public part is true, and there is a
    private one. https://the.earth.li/~sgtatham/putty/0.83/htmldoc/AppendixC.html"""
    text = unescaped(text)
    headers = {name[:5]: value.strip() for name, value in _HEADER.findall(text)}
    bodies: dict[bytes, bytes] = {}
    for match in _LINES.finditer(text):
        count = int(match[2])
        lines = text[match.end() :].split(None, count)[:count]
        bodies[match[1]] = unbase64(b"".join(lines)) or b""
    name = headers.get(b"PuTTY", b"")
    public, private = bodies.get(b"Public", b""), bodies.get(b"Private", b"")
    if not name or _text(public, 0)[0] != name or len(private) < _SHORTEST_PRIVATE:
        return None
    kind, size = _of_public(public)
    encrypted = headers.get(b"Encry", b"none") != b"none"
    comment = headers.get(b"Comme", b"").decode("utf-8", "replace")
    return PrivateKey(kind or name.decode("utf-8", "replace"), size, encrypted, comment)


_SHORTEST_PRIVATE = 24  # bytes
