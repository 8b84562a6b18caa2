"""Private keys in files and in code: whether a text is one, and what kind of key it is.

Only the beginning is read: what says which algorithm, how large, and whether a passphrase protects
it. Whether the numbers belong together is not looked at.
RFC 7468 and RFC 1421 (armour), RFC 8017 (RSA), RFC 5915 (EC), RFC 5208 and RFC 5958 (PKCS #8).
"""

from __future__ import annotations

from re import compile as regex
from typing import NamedTuple

from envguard.detection.keys.base64_text import unbase64


class PrivateKey(NamedTuple):
    """What kind of key it is: `size` is its bits or its curve, `comment` whose it says it is; each
    empty where that cannot be read."""

    kind: str
    size: str
    encrypted: bool
    comment: str = ""


_RUN = regex(rb"[A-Za-z0-9+/]{16,}")
_LAST = regex(
    rb"[^A-Za-z0-9+/](?=[+/]{0,3}[A-Za-z0-9])([A-Za-z0-9+/]{1,15})={0,2}[^A-Za-z0-9=]{1,16}-----END"
)


def armoured(text: bytes) -> PrivateKey | None:
    """The key in armour (`-----BEGIN … PRIVATE KEY`); None where its body is no key, is a
    placeholder or breaks off. Its base64 may stand in code: in quoted lines, or with `\\n` in it.
    """
    label, _, body = text.partition(b"PRIVATE KEY")
    body = unescaped(body)
    data = unbase64(b"".join(_RUN.findall(body) + _LAST.findall(body))) or b""
    if b"PGP" in label:
        from envguard.detection.keys.binary_keys import pgp  # noqa: PLC0415 - few texts hold one

        return pgp(data)
    if b"OPENSSH" in label:
        from envguard.detection.keys.binary_keys import openssh  # noqa: PLC0415 - few texts hold one

        return openssh(data)
    kind = next((name for name in _LABELS if name in label), b"").decode()
    if b"ENCRYPTED" in body[:200]:  # RFC 1421, section 4.6.1.1: nothing of it can be read
        return PrivateKey(kind, "", True) if len(data) >= _SHORTEST_ENCRYPTED else None
    found = der(data)
    return found._replace(kind=kind) if found is not None and kind else found


_LABELS = (b"RSA", b"DSA", b"EC")
_SHORTEST_ENCRYPTED = 64  # bytes


def unescaped(text: bytes) -> bytes:
    """A text with the escapes of string literals that stand in for line ends and slashes undone."""
    for escape in (rb"\r", rb"\n"):
        text = text.replace(escape, b"\n")
    return text.replace(rb"\/", b"/")


# Short lines and a word in between are not read: so much may be missing at the end.
_MISSING = 16
_SHORTEST = 32  # bytes
_SEQUENCE, _INTEGER, _BYTES, _NAME = 0x30, 0x02, 0x04, 0x06

_ALGORITHMS = {
    bytes.fromhex("2a864886f70d010101"): "RSA",
    bytes.fromhex("2a864886f70d01010a"): "RSA",  # RSASSA-PSS
    bytes.fromhex("2a8648ce3d0201"): "EC",
    bytes.fromhex("2a8648ce380401"): "DSA",
    bytes.fromhex("2a864886f70d010301"): "Diffie-Hellman",
    bytes.fromhex("2b656e"): "X25519",
    bytes.fromhex("2b656f"): "X448",
    bytes.fromhex("2b6570"): "Ed25519",
    bytes.fromhex("2b6571"): "Ed448",
}
"""Object identifiers, in DER: RFC 8017, RFC 5480, RFC 3279, RFC 8410."""

CURVES = {
    bytes.fromhex("2a8648ce3d030107"): "P-256",
    bytes.fromhex("2b81040022"): "P-384",
    bytes.fromhex("2b81040023"): "P-521",
    bytes.fromhex("2b81040021"): "P-224",
    bytes.fromhex("2b8104000a"): "secp256k1",
    bytes.fromhex("2b2403030208010107"): "brainpoolP256r1",
    bytes.fromhex("2b060104019755010501"): "Curve25519",
    bytes.fromhex("2b06010401da470f01"): "Ed25519",
}
"""Object identifiers of curves, in DER: RFC 5480, SEC 2, RFC 5639, RFC 9580 (section 9.2)."""


class _Element(NamedTuple):
    """One element of DER (X.690): its tag, and where its content begins and ends."""

    tag: int
    start: int
    end: int


def der(data: bytes) -> PrivateKey | None:
    """The key in DER: PKCS #1, SEC 1, DSA, PKCS #8, plain or encrypted; None where it is none."""
    whole = _element(data, 0)
    if len(data) < _SHORTEST or whole is None or whole.tag != _SEQUENCE:
        return None
    if not -2 <= whole.end - len(data) <= _MISSING:
        return None
    first = _element(data, whole.start)
    if first is None:
        return None
    if first.tag == _SEQUENCE:
        name = _element(data, first.start)
        return PrivateKey("", "", True) if name is not None and name.tag == _NAME else None
    version = data[first.start : first.end]
    second = _element(data, first.end)
    if first.tag != _INTEGER or version not in (b"\0", b"\1") or second is None:
        return None
    if second.tag == _INTEGER:
        return _of_numbers(data, second)
    if second.tag == _BYTES and version == b"\1":
        return PrivateKey("EC", _curve(data[second.end :]), False)
    return _of_pkcs8(data, second) if second.tag == _SEQUENCE else None


def _of_numbers(data: bytes, first: _Element) -> PrivateKey | None:
    """RSA: modulus and exponent follow each other; DSA: a prime and a much smaller one."""
    bits = _bits(data, first)
    if not _BITS[0] <= bits <= _BITS[1] or first.end > len(data):
        return None
    second = _element(data, first.end)
    is_dsa = second is not None and second.end - second.start in _DSA_SIZES
    return PrivateKey("DSA" if is_dsa else "RSA", f"{bits} bits", False)


_BITS = (256, 16_384)
_DSA_SIZES = (20, 21, 28, 29, 32, 33)  # bytes of the smaller prime: FIPS 186-4, section 4.2


def _of_pkcs8(data: bytes, algorithm: _Element) -> PrivateKey | None:
    name = _element(data, algorithm.start)
    if name is None or name.tag != _NAME or algorithm.end > len(data):
        return None
    kind = _ALGORITHMS.get(data[name.start : name.end], "")
    parameters = data[name.end : algorithm.end]
    if kind == "EC":
        return PrivateKey(kind, _curve(parameters), False)
    bits = 0
    if kind == "RSA":
        value = _element(data, algorithm.end)
        inner = value and _element(data, value.start)
        version = inner and _element(data, inner.start)
        bits = _bits(data, version and _element(data, version.end))
    elif kind in ("DSA", "Diffie-Hellman"):
        group = _element(parameters, 0)
        bits = _bits(parameters, group and _element(parameters, group.start))
    return PrivateKey(kind, f"{bits} bits" if bits else "", False)


def _element(data: bytes, at: int) -> _Element | None:
    """The element that begins at a place; its end may lie behind that of the data."""
    if not 0 <= at < len(data) - 1:
        return None
    tag, length, start = data[at], data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 3 or start + count > len(data):
            return None
        length, start = int.from_bytes(data[start : start + count], "big"), start + count
    return _Element(tag, start, start + length)


def _bits(data: bytes, number: _Element | None) -> int:
    """How long a number is, which may be cut off; 0 where there is none."""
    if number is None or number.tag != _INTEGER:
        return 0
    content = data[number.start : number.end]
    zeros = len(content) - len(content.lstrip(b"\0"))
    if zeros == len(content):
        return 0
    bits = (number.end - number.start - zeros - 1) * 8 + content[zeros].bit_length()
    return bits if bits <= _BITS[1] else 0


def _curve(parameters: bytes) -> str:
    """The name of the curve whose identifier stands in the parameters."""
    return next(
        (name for oid, name in CURVES.items() if bytes([_NAME, len(oid)]) + oid in parameters), ""
    )
