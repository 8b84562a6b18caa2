"""What may stay of a comment when the file is shown to others: comments hold old values."""

from __future__ import annotations

import re
from collections.abc import Callable

from envguard.core.envfile import Entry
from envguard.core.secret import Secret
from envguard.envfile.parts import BLANK
from envguard.envfile.python_dotenv import bindings

# `KEY=`, `KEY: ` and `"KEY": ` inside a comment, as people write old values there; not the
# `https:` of a URL, and not the padding of base64 (RFC 4648, section 4).
_ASSIGNED = re.compile(
    rf"(?<![\w.-])(?P<key>[^\W\d][\w.-]*)[\"']?{BLANK}*(?:=(?!=)|:(?!//)){BLANK}*"
)
_NEXT_COMMENT = re.compile(rf"(?={BLANK}#)")
_OPENING = re.compile(r"[#\s]*(?:export\s+)?[\"']?")


def clean_comment(
    comment: str,
    line: int,
    is_secret: Callable[[Entry], bool],
    is_safe: Callable[[str], bool],
) -> str:
    """A comment without the values that it must not hold; empty where nothing of it may stay.

    `comment` begins with `#` and has no line end. A part that looks like an assignment is asked
    about as an entry (its value is all that follows): a secret's value is cut off with
    everything after it. Any other text stays only if it is safe.
    """
    kept = ""
    for part in _NEXT_COMMENT.split(comment):
        assigned = [m for m in _ASSIGNED.finditer(part) if part[m.end() :].strip()]
        words = part[: assigned[0].start()] if assigned else part
        words = _OPENING.sub("", words, count=1).strip()
        if any(character.isalnum() for character in words) and not is_safe(words):
            continue
        for match in assigned:
            value = Secret(_value(part[match.end() :]))
            if is_secret(Entry(match["key"], value, line, comment)):
                return (kept + part[: match.end()]).rstrip()
        kept += part
    return kept if kept == comment else kept.strip()


def _value(text: str) -> str:
    """The value that this text would be after `KEY=`, or the text where it would be none."""
    read = next(bindings(f"KEY={text}"))
    return text.strip() if read.error or read.value is None else read.value
