"""What opens nothing, whatever it looks like: it says which one is meant, or cannot be turned back.

The rules here are known without an example, and their points (in `weights.json`) are not learned.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from envguard.detection.evidence.names import parts

# By the name alone, of which the words are in small letters, with `_` between.
_NAMES = tuple(
    (reason, re.compile(pattern))
    for reason, pattern in (
        # Public keys, and what names one
        # (https://learn.microsoft.com/dotnet/standard/assembly/create-use-strong-named).
        ("public", r"(?:^|_)pub(?:lic)?_?key(?:_token|_id)?\Z"),
        ("shown", r"(?:^|_)(?:label|caption|placeholder|tooltip)(?:_|\Z)"),
        (
            "hashed",
            r"_(?:hash|hashed|digest|checksum|fingerprint|(?:sha|md)_\d+)\Z"
            r"|(?:^|_)(?:hashed|encrypted|(?:sha|md)_\d+)_(?:password|passwd|pass|token|secret)\Z",
        ),
        # Keys that another key has encrypted, and the nonce of a WebSocket (RFC 6455, section 4.1).
        ("sealed", r"(?:^|_)(?:sealed|encrypted|web_?socket)_key\Z"),
        # Where a listing goes on (https://google.aip.dev/158), and keys that find something.
        (
            "looked up",
            r"(?:^|_)(?:next|prev|previous|continuation)_(?:page_)?token\Z"
            r"|(?:^|_)(?:partition|part|primary|foreign|sort|row|cache|object|document|routing"
            r"|idempotency|has)_key\Z",
        ),
    )
)
REASONS = (*(reason for reason, _ in _NAMES), "id")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# As AWS makes them, and what is compatible with it: sent with each request, as a user's name is
# (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html).
_ACCESS_KEY_ID = re.compile(r"[A-Z0-9]{20}")
_ACCESS_KEY = re.compile(r"(?:^|_)access_?key(?:_?id)?\Z")


def opens_nothing(key: str, value: str, told: Mapping[str, str]) -> str | None:
    """Why a value given to a name opens nothing, by what is `told` by the name; None where it may
    be a credential."""
    words = "_".join(parts(key))
    for reason, pattern in _NAMES:
        if pattern.search(words):
            return reason
    is_named = told["name"] in ("some key", "bare key") or told["name after"] == "shown"
    if (is_named and _UUID.fullmatch(value)) or (
        _ACCESS_KEY_ID.fullmatch(value) and _ACCESS_KEY.search(words)
    ):
        return "id"
    return None
