"""The values that are planted, and every form in which one could leak."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from envguard.store.keys import RootKey
from tests.detection.samples import ALNUM, expand, letters, seeded

TOKEN = expand("{github:ghp_}", 7).decode()
PASSWORD = letters(seeded("password"), ALNUM, 20) + "!1%"
URL_PASSWORD = letters(seeded("url"), ALNUM, 22)
KEY_LINES = [letters(seeded(f"key {n}"), ALNUM + "+/", 64) for n in range(6)]
KIND = "RSA PRIVATE " + "KEY"
KEY = "\n".join([f"-----BEGIN {KIND}-----", *KEY_LINES, f"-----END {KIND}-----"])
OWN_KEY = RootKey(seeded("own").randbytes(32)).text().reveal()

AGE = ("--backend", "age:secrets.age")
# A public key, whose private key nobody has kept.
AGE_RECIPIENT = "age1c3r0rw9ndwrthq3ra3u56z2uluttzf4fagsfrtn6vegc2hfy958q6pqt4y"

VALUES: Mapping[str, Sequence[str]] = {
    "token": [TOKEN],
    "password": [PASSWORD],
    "URL password": [URL_PASSWORD],
    "key": KEY_LINES,
    "envguard's own key": [OWN_KEY],
}
WINDOW = 12  # characters; a preview shows four and two

ENV = f"""\
# The settings of the shop; TOKEN was {TOKEN} before
#OLD_PASSWORD={PASSWORD}
DEBUG=true
TOKEN={TOKEN}
DATABASE_PASSWORD='{PASSWORD}' # is {PASSWORD}
DATABASE_URL=postgres://ada:{URL_PASSWORD}@db.example/shop
SSH_KEY="{KEY}"
"""
REFERENCES = """\
DEBUG=true
TOKEN=secret:TOKEN
DATABASE_PASSWORD=secret:DATABASE_PASSWORD
URL=secret:DATABASE_URL
SSH_KEY=secret:SSH_KEY
"""


def forms(text: str) -> Iterator[tuple[str, bytes]]:
    """A text in every form in which it could leak, each with its name."""
    raw = text.encode()
    for begin in range(len(text) - WINDOW + 1):
        yield "raw", text[begin : begin + WINDOW].encode()
    for offset in range(3):
        for name, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
            # What does not depend on the bytes before and after.
            whole = encode(b"\0" * offset + raw)
            first = (offset * 8 + 5) // 6
            last = (offset + len(raw)) * 8 // 6
            yield f"{name} at offset {offset}", whole[first:last]
    yield "hex", raw.hex().encode()
    yield "HEX", raw.hex().upper().encode()
    yield "URL-encoded", quote(text, safe="").encode()
    yield "percent", "".join(f"%{byte:02X}" for byte in raw).encode()
    yield "percent", "".join(f"%{byte:02x}" for byte in raw).encode()
    yield "JSON", json.dumps(text)[1:-1].encode()
    yield "reversed", raw[::-1]


FORMS = [
    (value, form, needle)
    for value, parts in VALUES.items()
    for part in parts
    for form, needle in forms(part)
]


def leaks(content: bytes) -> set[tuple[str, str]]:
    """The planted values in a content, each with the form that it has there."""
    return {(value, form) for value, form, needle in FORMS if needle in content}
