"""Text from a tree, made safe to show."""

from __future__ import annotations

import re

# What the log of a CI system would carry out, such as a change of PATH for the steps that follow.
# GitHub's runner: `::` at the beginning of a line, `##[` anywhere (src/Runner.Common/
# ActionCommand.cs); Azure's agent: `##vso[` anywhere
# (https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands).
_COMMAND = re.compile(r"^\s*::|##(?=(?:vso)?\[)", re.IGNORECASE)


def printable(text: str) -> str:
    """`text` in one line that cannot steer a terminal, or a CI system that reads the log.

    Control characters, line and paragraph separators, bidirectional overrides, bytes that are no
    UTF-8 (surrogate escapes) and a sign of what begins a command become backslash escapes;
    everything else stays.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(c if c.isprintable() else _escape(c) for c in text)
    if "::" in text or "##" in text:
        return _COMMAND.sub(lambda found: f"{found[0][:-1]}\\x{ord(found[0][-1]):02x}", text)
    return text


def inert(json: str) -> str:
    """A JSON text that says the same, without what a CI system would carry out."""
    return _COMMAND.sub("#\\\\u0023", json)


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape, PEP 383
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
