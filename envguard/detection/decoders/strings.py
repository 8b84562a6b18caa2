"""String literals that stand side by side, or with an operator between, put together."""

from __future__ import annotations

import re

# Between two literals: operators of many languages, line ends, in a notebook the end of one JSON
# string and the beginning of the next; then the prefix of the second literal.
_JOINT = rb"""\\?["'`](?:[ \t\r\n+.&~|<>\\]|\\n",[ \t\r\n]{0,40}"){0,80}[rbfuRBFU@$]?\\?["'`]"""
_LONGEST = 1024  # bytes of one literal
_MOST = 512  # literals
_NEXT = re.compile(_JOINT)
_FIRST = re.compile(rb"""(?=\\?["'`][ \t]{0,2}(?:[+.&~|<>\\\r\n"'`]|[rbfuRBFU@$]["'])\Z)""")
_CONTENT = {
    quote: re.compile(rb"(?:(?!\\?" + quote + rb")(?:\\.|[^\\\r\n])){0,%d}" % _LONGEST)
    for quote in (b'"', b"'", b"`")
}


def joined(text: bytes, end: int, low: int) -> list[tuple[int, bytes]] | None:
    """The literals from the one that closes right before `end`: where each begins, and what is in
    it; None where there are no two of them."""
    near = max(low, end - 8)
    closed = _FIRST.search(text[near:end])
    joint = _NEXT.match(text, near + closed.start()) if closed else None
    if joint is None:
        return None
    closing = joint.start()
    quote = text[closing : closing + 2].lstrip(b"\\")[:1]
    start = text.rfind(quote, max(low, closing - _LONGEST), closing) + 1
    if not start:
        return None
    found = [(start, text[start:closing])]
    while joint is not None and len(found) < _MOST:
        content = _CONTENT[text[joint.end() - 1 : joint.end()]].match(text, joint.end())
        if content is None:
            break
        found.append((content.start(), content[0]))
        joint = _NEXT.match(text, content.end())
    return found
