"""The forms in which a value can appear in what a program writes."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from urllib.parse import quote_from_bytes, quote_plus

SHORTEST = 6
"""The bytes that a value, or one of its lines, needs to be masked: one more than the longest port
number. Shorter ones (`1`, `8081`, `true`) stand in ordinary output for something else."""

_LONGEST_SHOWN = 16
_HIDDEN = 11  # characters: more than 64 random bits in the base64 alphabet

# Base64 in lines: RFC 2045 section 6.8 (76 characters) and RFC 7468 section 2 (64).
_LINE_LENGTHS = (64, 76)

# What encoders leave as it is beside letters, digits and `_.-~`: Python's and most others'
# (RFC 3986 section 2.3), with the slash of a path, and JavaScript's encodeURIComponent and
# encodeURI (https://262.ecma-international.org/#sec-uri-handling-functions).
_SAFE = ("", "/", "!*'()", ";,/?:@&=+$!*'()#")
_PERCENT = re.compile(rb"%[0-9A-F]{2}")
_UNICODE_ESCAPE = re.compile(r"\\u[0-9a-f]{4}")


def forms(value: str) -> dict[bytes, int]:
    """Every form of a value that is masked, with the bytes of its beginning that may be shown.

    The value and each of its lines, without blanks at the ends: as they are, in base64 (standard
    and URL alphabet, at each of the three offsets in a longer text, and in lines), URL-encoded,
    JSON-escaped, in hexadecimal. Empty where all of these are shorter than SHORTEST bytes.
    """
    raw = os.fsencode(value)
    found: dict[bytes, int] = {}
    for part in dict.fromkeys(line.strip() for line in (raw, *raw.splitlines())):
        if len(part) >= SHORTEST:
            for form in _forms(part):
                # One form can stand for several parts; the strictest of them counts.
                shown = len(form) * may_be_shown(len(part)) // len(part)
                found[form] = min(shown, found.get(form, shown))
    for line in _base64_lines(raw):
        found.setdefault(line, may_be_shown(len(line) * 3 // 4))
    return found


def may_be_shown(length: int) -> int:
    """How many bytes of the beginning of a value of `length` bytes may be shown early: half of
    it where more than 64 random bits stay hidden, else a quarter; never more than 16."""
    return min(_LONGEST_SHOWN, max(length // 4, min(length // 2, length - _HIDDEN)))


def _forms(part: bytes) -> Iterator[bytes]:
    yield part
    if b"\n" in part:
        # A terminal writes each line feed as two characters.
        yield re.sub(rb"\r?\n", b"\r\n", part)
    yield from _base64(part)
    yield part.hex().encode()
    yield part.hex().upper().encode()
    for safe in _SAFE:
        yield from _both_cases(quote_from_bytes(part, safe).encode())
    yield from _both_cases(quote_plus(part).encode())
    yield from _json(part)


def _base64(part: bytes) -> Iterator[bytes]:
    """What does not depend on the bytes before and after."""
    for offset in range(3):
        padded = b"\0" * offset + part
        inner = slice((offset * 8 + 5) // 6, len(padded) * 8 // 6)
        yield base64.b64encode(padded)[inner]
        yield base64.urlsafe_b64encode(padded)[inner]


def _base64_lines(raw: bytes) -> Iterator[bytes]:
    whole = base64.b64encode(raw)[: len(raw) * 8 // 6]
    for length in _LINE_LENGTHS:
        if len(whole) > length:
            for start in range(0, len(whole), length):
                line = whole[start : start + length]
                if len(line) > SHORTEST:
                    yield line


def _both_cases(quoted: bytes) -> Iterator[bytes]:
    yield quoted
    yield _PERCENT.sub(lambda code: code[0].lower(), quoted)


def _json(part: bytes) -> Iterator[bytes]:
    text = os.fsdecode(part)
    for ascii_only in (True, False):
        escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        # Optional escapes: the slash (PHP, RFC 8259 section 7), and < > & (Go's encoding/json).
        html = escaped.translate({ord(c): f"\\u{ord(c):04x}" for c in "<>&"})
        for variant in (escaped, escaped.replace("/", "\\/"), html):
            yield os.fsencode(variant)
            yield os.fsencode(
                _UNICODE_ESCAPE.sub(lambda code: r"\u" + code[0][2:].upper(), variant)
            )
