"""How a known value is written where it cannot stand as it is."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import quote_from_bytes, quote_plus

_FRAGMENT = 12
"""Characters of a line that is looked for in place of a value of several lines."""

# What encoders leave as it is beside letters, digits and `_.-~`: RFC 3986 (section 2.3), paths, and
# JavaScript's encodeURIComponent and encodeURI
# (https://262.ecma-international.org/#sec-uri-handling-functions).
_SAFE = ("", "/", "!*'()", ";,/?:@&=+$!*'()#")
_PERCENT = re.compile(r"%[0-9A-F]{2}")


def spellings(text: str) -> dict[bytes, str | None]:
    """Each spelling of a value, with its name; None: as it stands. Base64, hex and what mixes
    escapes with plain text are left to the decoders."""
    raw = text.encode("utf-8", "surrogateescape")
    found: dict[bytes, str | None] = {raw: None}
    if "\n" in text:
        found[raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")] = None
        # Each line may be indented, quoted or joined in a way of its own.
        line = max((line.strip() for line in text.splitlines()), key=len)
        if len(line) >= _FRAGMENT:
            found[line.encode("utf-8", "surrogateescape")] = None
    for spelled in _json(text):
        found.setdefault(spelled, "JSON escapes")
    for entities in (html.escape(text), html.escape(text, quote=False)):
        found.setdefault(entities.encode("utf-8", "surrogateescape"), "HTML entities")
    for safe in _SAFE:
        for quoted in (quote_from_bytes(raw, safe), quote_plus(raw)):
            found.setdefault(quoted.encode(), "percent")
            small = _PERCENT.sub(lambda code: code[0].lower(), quoted)
            found.setdefault(small.encode(), "percent")
    units = text.encode("utf-16-be", "surrogatepass")
    for form in ("02x", "02X"):
        found.setdefault("".join(f"%{byte:{form}}" for byte in raw).encode(), "percent")
        found.setdefault("".join(f"\\x{byte:{form}}" for byte in raw).encode(), "hex escapes")
        pairs = zip(units[::2], units[1::2], strict=True)
        escapes = "".join(f"\\u{high:{form}}{low:{form}}" for high, low in pairs)
        found.setdefault(escapes.encode(), "unicode escapes")
    found.setdefault(text.encode("utf-16-le", "surrogatepass"), "utf-16-le")
    found.setdefault(units, "utf-16-be")
    return found


def _json(text: str) -> list[bytes]:
    spelled: list[bytes] = []
    for ascii_only in (True, False):
        escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        # Optional escapes: the slash (PHP, RFC 8259 section 7), and < > & (Go's encoding/json).
        go = escaped.translate({ord(c): f"\\u{ord(c):04x}" for c in "<>&"})
        for variant in (escaped, escaped.replace("/", "\\/"), go):
            spelled.append(variant.encode("utf-8", "surrogatepass"))
    return spelled
