"""What the rest of a line says about a value in it."""

from __future__ import annotations

import re

REACH = 60
"""Bytes before and after that are looked at: as many as a search sees of a line that it cuts."""

BASIC = "basic"
"""The mark of what stands in place of a user and a password in HTTP (RFC 7617)."""

_COMMENT = re.compile(rb"[ \t]*(?:#|//|/?\*|<!--|;|--[ \t]|(?i:rem)[ \t])")
_BEFORE = {
    "asserted": re.compile(rb"(?i)assert|expect|should|verify|equal|\bis\(|mock|stub"),
    "printed": re.compile(rb"(?i)print|echo|\blog|console|message|raise|throw|error"),
    "user": re.compile(rb"(?i)user|login|e-?mail|account|admin|\bhost"),
    "parameter": re.compile(rb"[?&;][\w.-]*\Z"),
    "attribute": re.compile(
        rb"(?i)\b(?:type|name|id|label|class|title|for)[\"']?[ \t]?[=:][ \t]?[\"'][\w.-]*\Z"
    ),
}
_AFTER = {
    "user": re.compile(rb"(?i)user|login|e-?mail|account|\bhost"),
    "doubted": re.compile(
        rb"(?i)example|sample|fake|dummy|\btest|mock|placeholder|change|your|replace|not real"
    ),
    "joined": re.compile(rb"\A[\"'`]?[)\]]?[ \t]*(?:[+%.?]|\|\|)"),
}
_REST = re.compile(rb"(?:\\?n)?\\?[\"'`]?([)\]}]?)[ \t]*(\S?)")
_ENDS = b",;#/&)}]."


def around(line: bytes, match: int, key: int, start: int, end: int) -> str:
    """Marks, separated by blanks, of what surrounds a value from `start` to `end` in a line, whose
    name begins at `key` and is found by what begins at `match`."""
    first = max(match - REACH, 0)
    before, after = line[first:key], line[end : end + REACH]
    marks = (
        {name for name, pattern in _BEFORE.items() if pattern.search(before)} if before else set()
    )
    if after:
        marks |= {name for name, pattern in _AFTER.items() if pattern.search(after)}
    if line[start - 6 : start].lower() == b"basic ":
        marks.add(BASIC)
    if not first and _COMMENT.match(before):
        marks.add("comment")
    return " ".join([*sorted(marks), f"rest:{_rest(after)}"])


def _rest(after: bytes) -> str:
    """What follows the value: its end, a bracket, a sign, a word."""
    found = _REST.match(after)
    closed, text = (found[1], found[2]) if found else (b"", b"")
    if not text:
        return (closed or b"end").decode("ascii")
    sign = text if text in _ENDS else b"word" if text.isalnum() else b"other"
    return (closed + sign).decode("ascii")
