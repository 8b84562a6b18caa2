"""Generic assignments: a value given to a name that says it is a credential.

`password = "…"`, `API_TOKEN: …`, `setSecret("…")`. Providers' own formats are rules; here the
name is all there is to go by, so each candidate is weighed in `scoring.py`. What is dropped there
by its shape alone (sentences, calls, references, what is too short) is no assignment here, and
mostly not even seen by the matcher: most places where a name stands cost nothing more.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# Names that end in, or contain, one of these hold credentials (collected from the labelled
# repositories that the quality benchmark runs on).
_STRONG = (
    r"passw(?:or)?d|passphrase|pwd|[_.-]pass\b|\bpass\b|secret|token|credential"
    r"|(?:api|access|private|auth)[_. -]?key"
)
# These hold credentials only if the value looks like one.
_WORDS = "encryption|encrypt|signing|sign|master|account|shared|license"
_WEAK = rf"(?:{_WORDS})(?:\.?key|[_-]key(?=_))|[_-]key\b|authorization"
# What may stand between the name and its value: rest of the name, closing quotes and brackets,
# a type annotation, an operator, an opening quote (escaped, in nested JSON).
_REST = r"[\w.-]{0,40}"
_CLOSE = r"(?:\\?[\"'`])?[\])]?"
_TYPE = r"[ \t]?:[ \t]?[&'\w\[\]<>?.][&'\w\[\]<>?. ]"
_BLANKS = r"[ \t]{0,8}"
_OPEN = r"(?:Some\(|[rbuf@$]{1,2}(?=[\"']))?"
# How a value begins: not as a placeholder, a location or a piece of code does. The first two bytes.
_FIRST = r"(?:[\w#&@^~\\|}\]>-][!-~]|\$[!-'*-z|}~]|[\"'`]\w)"
# Of a value without quotes: any byte of it, how it begins, and what no plain name has.
_BARE = r"[!#-%*+./0-9:=?@A-Z^_a-z~-]"
_BARE_FIRST = r"[\w#@^~$-]"
_NAME_BYTE = r"[A-Za-z_$.:]"
_NO_NAME_BYTE = r"[0-9!#%*+/=?@^~-]"
# A value that looks random has two digits. The matcher counts what opens it, too.
_DIGITS = r"(?:[!-/:-~]{0,44}[0-9]){2}"
_QUOTED_DIGITS = r"(?:(?:(?!(?P=quote))[!-/:-~]){0,36}[0-9]){2}"
_BARE_DIGITS = rf"(?:{_BARE.replace('0-9', '')}{{0,36}}[0-9]){{2}}"

PATTERN = rf"""(?ix)
    # Not the first argument of something called like it: `hashPassword("password", "…")`.
    (?<!assword\(["'])(?<!ecret\(["'])(?<!oken\(["'])
    (?:(?P<strong>{_STRONG})|{_WEAK}) {_REST} (?P<end>) {_CLOSE}
    (?:{_TYPE}{{0,23}}?(?=[ \t]?=[^=>]))? # `token: &str = "…"`
    {_BLANKS}(?P<operator>(?P<given>:=|=>|=(?!=)|:)|(?P<called>[(,])|==|>){_BLANKS}
    (?:
        {_OPEN}(?P<quote>\\?["'`])
        (?(strong)(?(given)|(?={_QUOTED_DIGITS}))|(?={_QUOTED_DIGITS}))
        (?P<quoted>(?={_FIRST})(?:(?!(?P=quote))[!-~]){{6,400}})(?P=quote)
        # Taken whole or not at all (an atomic group, in the words of Python 3.10): of `name(` or
        # `name[` not even a part is a value. Nor is a plain name.
        | (?(called)(?!))(?={_NAME_BYTE}{{0,41}}{_NO_NAME_BYTE})
        (?(strong)(?(given)|(?={_BARE_DIGITS}))|(?={_BARE_DIGITS}))
        (?=(?P<bare>{_BARE_FIRST}{_BARE}{{5,399}}))(?P=bare)(?![\x00-\x08\x0e-\x1f\x7f-\xff("'\[{{])
    )
    """
"""An assignment in a line; ANCHOR matches inside each of its matches."""


def _anchor() -> str:
    # `k\wy` for `key` and the names one by one: the matcher looks for the longest literals that it
    # sees, and those that end in `key` are too many places.
    strong = (
        r"passw(?:or)?d|passphrase|pwd|[_.-]pass\b|\bpass\b|secret|token|credential"
        r"|apik\wy|api[_-]k\wy|api[. ]key|access[_. -]?k\wy|auth[_. -]?key|private[_. -]?key"
    )
    weak = rf"(?:{_WORDS})key|(?:{_WORDS})\.key|[_-]key(?:\b|_)|authorization"
    opening = r"(?:Some\(|[rbuf@$]{1,2})?\\?[\"'`]"
    type_ = rf"(?:{_TYPE}{{0,23}})?"
    # Six bytes of a value without quotes, of which one is in no plain name.
    begin, more = r"[A-Za-z_$]", _NAME_BYTE
    bare = "|".join(
        [
            rf"[0-9#@^~-]{_BARE}{{5}}",
            *(begin + more * n + _NO_NAME_BYTE + _BARE * (4 - n) for n in range(4)),
            rf"{begin}{more}{{4,40}}{_NO_NAME_BYTE}",
        ]
    )
    any_value = rf"(?:{opening}{_FIRST}[!-~]{{4}}|{bare})"
    given = rf"{type_}{_BLANKS}(?::=|=>|=|:){_BLANKS}"
    called = rf"{_BLANKS}[(,]{_BLANKS}{opening}{_DIGITS}"
    compared = rf"{_BLANKS}(?:==|>){_BLANKS}{_DIGITS}"
    return (
        rf"(?i)(?:{strong}){_REST}{_CLOSE}(?:{given}{any_value}|{called}|{compared})"
        rf"|(?:{weak}){_REST}{_CLOSE}(?:{given}{_DIGITS}|{called}|{compared})"
    )


ANCHOR = _anchor()
"""What the matcher looks for: from the name to as much of the value as tells it from code."""

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
