"""What certainly is no value: templates, references, locations, code, runs of one character."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64

SHORTEST = 4
"""Characters of a value that is looked at."""

_REFERENCE = re.compile(
    r"""(?ix)
      ^[<\[{(%*](?!")                # <your-key>, {{ value }}, %(value)s, [redacted]
    | \$\{ | \{\{ | \$\( | ^\$\w+$ | ^%\w+%$ | ^\#\{ | %s | \{[\w:.!-]{0,40}\} | <[\w\s.-]+>
    | ^(?:os\.|process\.|env\.|env\[|getenv|system\.|config\.|settings\.|self\.|this\.|args\.
        |options\.|params\.|request\.|req\.|vault:|secret:|ssm:|aws-sm|op://|ref\+|arn:|!|data\.
        |var\.|module\.|local\.|secrets\.|github\.)
    | (?:^|[\W_])(?:your|insert|replace|fill|todo|fixme|placeholder|redacted|masked|omitted|removed
        |change[_-]?me|secretsmanager|keyvault)(?:$|[\W_])
    | x{4,} | \*{3,} | \.{3,} | _{4,} | -{4,} | \?{3,}
    """
)
_LOCATION = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//|\.{0,2}/[\w.-]|~/|[A-Za-z]:\\")
# What is known, and no secret: versions, files, addresses of Ethereum, hashes of passwords
# (https://man7.org/linux/man-pages/man5/crypt.5.html), the base64 of what age has encrypted
# (https://age-encryption.org/v1, the first line of its header).
_KNOWN = re.compile(
    r"""(?x)
      [\^~<>=v]{0,3}\d{1,4}(?:\.(?:\d{1,5}|[x*]))+(?:[-+|.^~<>=\w]{0,16})\Z
    | [\w./@-]+\.(?:ya?ml|json|txt|pem|key|crt|cer|pub|py|sh|conf|cfg|ini|env|toml|xml|md|html?|js
        |ts|go|java|rb|php|cs|properties|example|yaml\.example|jks|p12|pfx)\Z
    | 0x[0-9a-fA-F]{40}\Z
    | \$(?:[1-7]|2[abxy]?|y|apr1|argon2\w*|pbkdf2[\w-]*|scrypt)\$ | pbkdf2_sha\d+\$
    | YWdlLWVuY3J5cHRpb24ub3JnL3YxC
    """
)
# An argument, a command of PowerShell, an attribute.
_CODE = re.compile(r"\w+==?[A-Za-z_]\w|(?:[A-Z][a-z]+)+-[A-Z][A-Za-z]+\Z")
# Pieces of minified or concatenated code between two quotes.
_CODE_PIECE = re.compile(r"^[),;:.?+]|[)}\]][,;.)]|&&|\|\||=>|\bfunction\b|\\[nrt]$")
_OBJECT = re.compile(r"\{ ?\\{0,3}\"")
_SWITCHES = frozenset(
    """true false null none undefined string str bool boolean int integer number object bytes any
    optional void self this required yes always never explicit present absent
    sha1 sha224 sha256 sha384 sha512 sha256_crypt sha512_crypt md5 md5_crypt bcrypt base64 ascii
    utf8 utf-8 hex json text plain hidden masked kwargs args
    hashed auto latin1 latin-1 msdcc""".split()
)


def is_no_value(value: str) -> bool:
    """Whether a text stands in the place of a value."""
    if len(value) < SHORTEST or value.lower() in _SWITCHES:
        return True
    if _OBJECT.match(value):
        return False  # an object, read as a whole
    if " " in value.strip() or _REFERENCE.search(value):
        return True
    if (
        _KNOWN.match(value)
        or _LOCATION.match(value)
        or _CODE.match(value)
        or _CODE_PIECE.search(value)
    ):
        return True
    different = len(set(value.lower()))
    return different < 3 or different * 4 < len(value) <= 40


def is_login(value: str) -> bool:
    """Whether a value is the base64 of a user and a password, as HTTP sends them (RFC 7617)."""
    try:
        plain = a2b_base64(value + "=" * (-len(value) % 4))
    except (Error, ValueError):
        return False
    user, colon, password = plain.partition(b":")
    return bool(colon and password) and not any(byte < 32 for byte in user + password)
