"""Generic assignments: a value given to a name that says it is a credential.

`password = "…"`, `API_TOKEN: …`, `setSecret("…")`, `Authorization: Bearer …`, `--token …`.
Providers' own formats are rules; here the name is all there is to go by, so each candidate is
weighed in `scoring.py`. What is dropped there by its shape alone (sentences, calls, references,
what is too short) is no assignment here, and mostly not even seen by the matcher: most places
where a name stands cost nothing more.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# Names that end in, or contain, one of these hold credentials (collected from the labelled
# repositories that the quality benchmark runs on).
_STRONG = (
    r"passw(?:or)?d|passphrase|passcode|pwd|(?<!com)(?<!by)(?<!=)pass\b|secret|token|credential"
    r"|(?:api|access|private|auth)[_. -]?key"
)
# These hold credentials only if the value looks like one; Digest (RFC 7616) sends none.
_WEAK = (
    r"(?<=[_.-])key(?:\b|_\w{1,20})|(?<=[\"'])key(?=[\"'])|(?-i:Key\b)"
    r"|(?<=[\"'])auth(?=[\"'])|auth_?code|authorization(?!:[ ]Digest\b)|ticket"
)

# What may stand between the name and its value: rest of the name, closing quotes and brackets,
# a type annotation, `value=` of an element or a pair, an operator, an opening quote (escaped, in
# nested JSON), or a call.
_REST = r"[\w.-]{0,30}"
_CLOSE = r"(?:\\?[\"'`]|\})?[\])]?"
_TYPE = r"[ \t]?:[ \t]?[&'\w\[\]<>?.][&'\w\[\]<>?. ]{0,16}?"
_PAIR = r"\\?[\"'],?[ \t]{0,4}\\?[\"']?(?:value|content)\\?[\"']?"
_BLANKS = r"[ \t]{0,20}"
_GIVEN = r"(?::=|=>|=|:)"
_QUOTE = r"\\?[\"'`]"
_PREFIX = r"(?:Some\(|[rbufl@$]{1,2})"
_CALL = r"(?:[\w.\[\]]{1,30}\(){1,2}[rbu]?"
# How a value begins: not as a placeholder, a location or a piece of code does. The first two bytes.
_FIRST = r"(?:[\w#&@^~\\|}\]>-][!-~]|\$[!-'*-z|}~]|[\"'`]\w)"
_NO_QUOTE = r"[!#-&(-_a-~]"
# A quoted value: no blank, and as far as the matcher looks no quote but the closing one.
_CLOSED = rf"{_FIRST}(?:{_NO_QUOTE}{{0,8}}[\"'`]|{_NO_QUOTE}{{9}})"
_CLOSED_CALL = rf"{_FIRST}{_NO_QUOTE}{{1,20}}[\"'`]\)"
# Of a value without quotes: any byte of it, how it begins, and what no plain name has.
_BARE = r"[!#-%*+./0-9:=?@A-Z^_a-z~-]"
_BARE_FIRST = r"[\w#@^~$-]"
_NAME_BYTE = r"[A-Za-z_$.:]"
_NO_NAME_BYTE = r"[0-9!#%*+/=?@^~-]"
# A plain word without quotes is a value at the end of a line, or right after `=`.
_WORD = r"[A-Za-z][A-Za-z_]{3,40}"
# A value that looks random has two digits.
_DIGITS = r"(?:[!#-&(-/:-_a-~]{0,20}[0-9]){2}"
_RANDOM = r"(?:[A-Za-z+/_.-]{0,30}[0-9=+][A-Za-z0-9+/=_.-]{7}|[A-Za-z+/_.-]{7,30}[0-9=+])"
_OBJECT = r"\{[ ]?\\{1,3}\"[!-~ ]{0,40}[0-9][0-9]"
_SCHEME = r"(?:(?:bearer|basic|token|apikey|oauth|key)[ \t]{1,4})?"
_HEADER = r"[A-Za-z0-9._~+/=|-]"
_ARGUMENT = r"[A-Za-z0-9][!-~]{0,20}[0-9]"
_OPTION = r"passw(?:or)?d|passphrase|pass|pwd|secret|token|api-?key|access-?key|auth-?key"
_MIXED = rf"[0-9#@^~-]{_BARE}{{4}}|(?![0-9#@^~-]){_NAME_BYTE}{{0,41}}{_NO_NAME_BYTE}"
_LOGIN = r"[ =]{1,2}[\"']?[\w.@+-]{1,40}:"


def _quoted(number: int, condition: str = "", before: str = rf"(?:{_PREFIX}(?=[\"'`\\]))?") -> str:
    return (
        rf"{before}(?P<quote{number}>{_QUOTE})(?={condition or _CLOSED})"
        rf"(?P<quoted{number}>(?={_FIRST})(?:(?!(?P=quote{number}))[!-~\xa1-\xff]){{4,1400}})"
        rf"(?P=quote{number})"
    )


def _bare(number: int, condition: str) -> str:
    # Taken whole or not at all (an atomic group, in the words of Python 3.10): of `name(` or
    # `name[` not even a part is a value, nor is `$name-` of `$name->other`.
    return (
        rf"(?={condition})(?=(?P<bare{number}>{_BARE_FIRST}{_BARE}{{4,399}}))(?P=bare{number})"
        r"(?![\x00-\x08\x0e-\x1f\x7f-\xff(\[{]|(?<=-)>)"
    )


PATTERN = rf"""(?ix)
    # Not the first argument of something called like it: `hashPassword("password", "…")`.
    (?<!assword\(["'])(?<!ecret\(["'])(?<!oken\(["'])
    # Nor what is chosen: `hidden ? "password" : "text1"`.
    (?<!\?[ ]["'])
    (?:
        (?:{_STRONG}) {_REST} (?P<end1>)
        (?:
            {_CLOSE} (?:{_TYPE}(?=[ \t]?=[^=>]))? # `token: &str = "…"`
            (?:
                {_BLANKS} (?P<given>:=|=>|=(?!=)|:) {_BLANKS}
                (?:{_quoted(1)}
                  |{_quoted(2, _DIGITS, _CALL)}
                  |{_QUOTE}(?P<object>(?={_OBJECT})\{{[!-~ ]{{12,400}}?\}})
                  |{_bare(1, _MIXED)})
                | (?P<equal>=) (?P<word1>{_WORD}) (?=[\s"'\\&;]|\Z)
                | (?P<colon>:) [ \t]{{1,8}} (?P<word2>{_WORD}) (?=[ \t\r]{{0,4}}(?:[ \t]\#|\Z))
                | {_BLANKS} (?P<compared>===?) {_BLANKS} {_quoted(3)}
                | {_BLANKS} (?P<called>\() {_BLANKS} {_quoted(4, f"{_DIGITS}|{_CLOSED_CALL}")}
                | (?P<listed>,) {_BLANKS} {_quoted(5, _DIGITS)}
                | (?P<tagged>>) {_bare(2, f"{_BARE}{{4,20}}</")}
            )
            | (?P<paired>{_PAIR}) {_BLANKS} [:=] {_BLANKS} {_quoted(6)}
            | (?<!pass)(?<!_field)(?<!_field_tag) # `password_field "user", …` makes an element
              (?P<spaced>[ \t]{{1,4}}(?:(?:by|as|is)[ \t]{{1,4}})?) {_quoted(7)}
        )
        | (?<=-)(?:{_OPTION}) [\w-]{{0,20}} (?P<end2>) (?P<option>[ \t]{{1,4}})
          {_bare(3, _ARGUMENT)}
        | (?:{_WEAK}) (?P<end3>) {_CLOSE} (?:{_TYPE}(?=[ \t]?=[^=>]))?
          {_BLANKS} (?P<weak>:=|=>|=(?!=)|:|[(,](?=[ \t]{{0,20}}[\w.(]{{0,32}}["'`\\])) {_BLANKS}
          (?:{_CALL}|{_PREFIX}(?=["'`\\]))?(?P<quote0>(?:{_QUOTE})?){_SCHEME}(?={_RANDOM})
          (?=(?P<random>{_HEADER}{{8,1400}}))(?P=random)(?P=quote0)
          (?![\x00-\x08\x0e-\x1f\x7f-\xff(\[{{])
        | (?P<scheme>bearer|basic)(?P<end4>)[ \t]{{1,2}}
          (?P<header>(?={_HEADER}{{0,44}}[0-9=]){_HEADER}{{8,1000}})
        | identified[ ](?:with[ ]\S{{1,40}}[ ])?(?P<end5>)(?P<identified>by|as)[ \t]{{1,4}}(?!`)
          {_quoted(8)}
        | curl[ ][!-~ ]{{0,100}}(?P<end6>)(?P<user>-u|--user){_LOGIN.replace("[ =]", "[ ]")}
          (?P<login>[\w!#%&*+./=?@^~-]{{3,100}})
        | -pass(?:in|out|word)?[ ]pass(?P<end7>)(?P<phrase>:)
          (?P<argument>[\w!#%*+./=?@^~-]{{4,100}})
    )
    """
"""An assignment in a line; an expression of ANCHORS matches around the beginning of each of its
values."""


def _anchors() -> list[str]:
    # `k\wy` for `key` and the names one by one: the matcher looks for the longest literals that it
    # sees, and those that end in `key` are too many places.
    strong = (
        r"(?:passw(?:or)?d|passphrase|passcode|pwd|pass\b|secret|token|credential"
        r"|apik\wy|api[_-]k\wy|api[. ]key|access[_. -]?k\wy|auth[_. -]?key|private[_. -]?key)"
    )
    weak = (
        r"(?:(?i:[_.-]key(?:\b|_\w{1,20})|[\"']key[\"']|[\"']auth[\"']|auth_?code|authorization|ticket)"
        r"|Key\b)"
    )
    # Five bytes of a value without quotes, of which one is in no plain name.
    begin, more = r"[A-Za-z_$]", _NAME_BYTE
    bare = "|".join(
        [
            rf"[0-9#@^~-]{_BARE}{{4}}",
            *(begin + more * n + _NO_NAME_BYTE + _BARE * (3 - n) for n in range(3)),
            rf"{begin}{more}{{3,40}}{_NO_NAME_BYTE}",
        ]
    )
    value = rf"{_PREFIX}?{_QUOTE}{_CLOSED}"
    given = [
        rf"(?:{_TYPE})?{_BLANKS}{_GIVEN}{_BLANKS}"
        rf"(?:{value}|{_CALL}{_QUOTE}{_DIGITS}|{_QUOTE}{_OBJECT}|{bare})",
        rf":[ \t]{{1,8}}{_WORD}[ \t\r]{{0,4}}(?:[ \t]#|\n|\Z)",
        rf"={_WORD}(?:[\s\"'\\&;]|\Z)",
    ]
    apart = [
        rf"{_PAIR}{_BLANKS}[:=]{_BLANKS}{value}",
        rf"[ \t]{{1,4}}(?:(?:by|as|is)[ \t]{{1,4}})?{value}",
    ]
    called = [
        rf"{_BLANKS}===?{_BLANKS}{value}",
        rf"{_BLANKS}[(,]{_BLANKS}{_PREFIX}?{_QUOTE}(?:{_DIGITS}|{_CLOSED_CALL})",
        rf">{_BARE}{{4,20}}</",
    ]
    name = rf"(?i){strong}{_REST}"
    return [
        rf"{name}(?:{_CLOSE}(?:{'|'.join([*given, *called])})|{'|'.join(apart)})",
        rf"(?i)-(?:{_OPTION})[\w-]{{0,20}}[ \t]{{1,4}}{_ARGUMENT}",
        rf"{weak}(?i:{_CLOSE}(?:{_TYPE})?{_BLANKS}(?:{_GIVEN}|[(,]){_BLANKS}"
        rf"(?:{_CALL}|{_PREFIX})?(?:{_QUOTE})?{_SCHEME}{_RANDOM})",
        rf"(?i)(?:bearer|basic)[ \t]{{1,2}}{_HEADER}{{0,44}}[0-9=]",
        rf"(?i)identified (?:with \S{{1,40}} )?(?:by|as)[ \t]{{1,4}}{value}",
        rf"(?i)curl [!-~ ]{{0,100}}-(?:u|-user){_LOGIN}[\w!#%&*+./=?@^~-]{{3}}",
        r"(?i)-pass(?:in|out|word)? pass:[\w!#%*+./=?@^~-]{4}",
    ]


ANCHORS = tuple(_anchors())
ANCHOR = "\n".join(ANCHORS)
"""What the matcher looks for, each in a line: from the name to as much of the value as tells it
from code."""

_KEY_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
_LONGEST_PREFIX = 60
_VALUES = re.findall(r"\?P<((?:quoted|bare|word)\d|random|header|login|object|argument)>", PATTERN)
_ENDS = re.findall(r"\?P<(end\d)>", PATTERN)
_OPERATORS = "given equal colon compared called listed tagged weak scheme".split()
# The operator of each syntax that has none, and the name where there is none.
_SYNTAXES = {
    "paired": "value",
    "spaced": "blank",
    "option": "--",
    "identified": "sql",
    "user": "-u",
    "phrase": "pass:",
}
_NAMES = {"sql": "password", "-u": "password"}


class Assignment(NamedTuple):
    """A name, and where its value stands in the line, in bytes from its beginning; `operator` is
    what gives the value to the name, `around` what surroundings.py says of the rest of the line."""

    key: str
    operator: str
    quoted: bool
    around: str
    start: int
    end: int

    @property
    def context(self) -> tuple[str, str, bool, str]:
        """What it says about its value."""
        return self.key, self.operator, self.quoted, self.around


def read(match: re.Match[bytes]) -> Assignment:
    """The assignment that a match of PATTERN is; its key with all that stands before the match."""
    # Most texts that are scanned hold none.
    from envguard.detection.surroundings import around  # noqa: PLC0415

    line = match.string
    group = next(name for name in _VALUES if match.start(name) >= 0)
    key_end = next(match.start(name) for name in _ENDS if match.start(name) >= 0)
    start, end = match.span(group)
    first = match.start()
    while first and match.start() - first < _LONGEST_PREFIX and line[first - 1] in _KEY_BYTES:
        first -= 1
    operator = _operator(match)
    return Assignment(
        key=_NAMES.get(operator) or line[first:key_end].decode("ascii", "replace"),
        operator=operator,
        quoted=line[start - 1 : start] in (b'"', b"'", b"`"),
        around=around(line, match.start(), first, start, end),
        start=start,
        end=end,
    )


def _operator(match: re.Match[bytes]) -> str:
    for name, operator in _SYNTAXES.items():
        if match.start(name) >= 0:
            return operator
    for name in _OPERATORS:
        text: bytes | None = match[name]
        if text is not None:
            return text.decode("ascii").lower()
    raise AssertionError("a match without an operator")
