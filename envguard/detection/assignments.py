"""Generic assignments: a value given to a name that says it is a credential.

`password = "…"`, `API_TOKEN: …`, `setSecret("…")`. Providers' own formats are rules; here the
name is all there is to go by, so each candidate is weighed in `scoring.py`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# Names that end in, or contain, one of these hold credentials (collected from the labelled
# repositories that the quality benchmark runs on).
_NAME = (
    r"(?:passw(?:or)?d|passwd|passphrase|pwd|[_.-]pass\b|\bpass\b|secret|token|credential"
    r"|(?:api|access|private|auth|encrypt(?:ion)?|sign(?:ing)?|master|account|shared|license)"
    r"[_. -]?key|[_-]key\b|authorization)"
)
# What may stand between the name and its value: rest of the name, closing quotes and brackets,
# a type annotation, an operator, an opening quote (escaped, in nested JSON).
_REST = r"[\w.-]{0,40}"
_CLOSE = r"(?:\\?[\"'`])?[\])]?"
_OPERATOR = r"(?::=|=>|==|=|:|\(|,|>)"

ANCHOR = rf"(?i){_NAME}{_REST}{_CLOSE}[ \t]{{0,8}}{_OPERATOR}[ \t]{{0,8}}[^ \t\r\n]"
"""What the matcher looks for: from the name to the first character of the value."""

PATTERN = rf"""(?ix)
    {_NAME} {_REST} (?P<end>) {_CLOSE}
    # a type: `token: &str = "…"`
    (?:[ \t]?:[ \t]?[&'\w\[\]<>?.][&'\w\[\]<>?. ]{{0,23}}?(?=[ \t]?=[^=>]))?
    [ \t]{{0,8}}(?P<operator>{_OPERATOR})[ \t]{{0,8}}
    (?:
        (?:Some\(|[rbuf@$]{{1,2}}(?=["']))?
        (?P<quote>\\?["'`])(?P<quoted>(?:(?!(?P=quote)).){{1,400}})(?P=quote)
        # Taken whole or not at all (an atomic group, in the words of Python 3.10): of `name(` or
        # `name[` not even a part is a value.
        | (?=(?P<bare>[^\s"'`,;<>(){{}}\[\]&|\\]{{4,400}}))(?P=bare)(?![("'\[{{])
    )
    """
"""An assignment in a line; ANCHOR matches inside each of its matches."""

_KEY_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
_LONGEST_PREFIX = 60


class Assignment(NamedTuple):
    """A name, and where its value stands in the line, in bytes from its beginning."""

    key: str
    operator: str
    quoted: bool
    start: int
    end: int


def read(match: re.Match[bytes]) -> Assignment:
    """The assignment that a match of PATTERN is; its key with all that stands before the match."""
    line = match.string
    quoted = match["quoted"] is not None
    group = "quoted" if quoted else "bare"
    first = match.start()
    while first and match.start() - first < _LONGEST_PREFIX and line[first - 1] in _KEY_BYTES:
        first -= 1
    return Assignment(
        key=line[first : match.start("end")].decode("ascii", "replace"),
        operator=match["operator"].decode("ascii"),
        quoted=quoted,
        start=match.start(group),
        end=match.end(group),
    )
