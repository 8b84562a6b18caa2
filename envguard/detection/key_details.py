"""What can be told about a private key: type, size, and whether a passphrase protects it."""

from __future__ import annotations

from collections.abc import Iterator

from envguard.detection.keys.base64_text import unbase64
from envguard.detection.keys.private_keys import PrivateKey, armoured, der

Details = Iterator[tuple[str, str]]


def key(text: bytes) -> Details:
    """A key in armour."""
    return _told(armoured(text))


def key_base64(text: bytes) -> Details:
    """A key in armour, once more in base64."""
    return _told(armoured(unbase64(text[: len(text) // 4 * 4]) or b""))


def der_key(text: bytes) -> Details:
    """A key in DER, in base64; or one of OpenSSH."""
    from envguard.detection.keys.binary_keys import openssh  # noqa: PLC0415 - few texts hold one

    data = unbase64(text) or b""
    return _told(der(data) or openssh(data))


def putty_key(text: bytes) -> Details:
    """A key file of PuTTY."""
    from envguard.detection.keys.binary_keys import putty  # noqa: PLC0415 - few texts hold one

    return _told(putty(text))


def _told(found: PrivateKey | None) -> Details:
    if found is None:
        return
    yield "type", " ".join(filter(None, (found.kind, found.size)))
    yield "encrypted", "yes" if found.encrypted else "no"
    yield "comment", found.comment
