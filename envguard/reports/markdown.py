"""Text that stays text where Markdown is read."""

from __future__ import annotations

import re

from envguard.core.text import printable

# What begins mark-up within a line (https://spec.commonmark.org/0.31.2/), makes an address a link
# (https://github.github.com/gfm/#autolinks-extension-) or mentions somebody.
_PUNCTUATION = re.compile(r"[\\`*_\[\]<>&@#!|~$:.]")


def plain(text: str) -> str:
    """`text` in one line, without any mark-up."""
    return _PUNCTUATION.sub(r"\\\g<0>", printable(text))


def code(text: str) -> str:
    """`text` in one line, as a span of code."""
    shown = printable(text)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {shown} {fence}" if longest else f"{fence}{shown}{fence}"
