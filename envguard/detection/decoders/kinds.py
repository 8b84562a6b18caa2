"""What a hit of the decoders' expressions says: under which encoding something may stand."""

from __future__ import annotations

BASE64 = range(4)
"""In base64; the hit ends so many letters after a whole group of four."""

HEX = range(4, 6)
"""In hex; the hit ends so many digits after a whole byte."""

PERCENT, UNICODE, BACKSLASH_X, SPLIT = range(6, 10)
"""In runs of %67, \\u0067, \\x67; in a string literal that is joined to a next one."""

KINDS = 10

DEEPEST = 3
"""How many encodings are undone, one inside the other."""

VERSION = "1"
"""To be counted up whenever other expressions come from the same rules: it names the cache."""
