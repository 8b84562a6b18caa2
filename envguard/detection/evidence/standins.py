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
# (https://man7.org/linux/man-pages/man5/crypt.5.html, https://github.com/P-H-C/phc-string-format,
# https://docs.djangoproject.com/en/stable/topics/auth/passwords/), packages with a version,
# the base64 of what age has encrypted (https://age-encryption.org/v1, the first line of its
# header) and of public keys (RFC 5280, section 4.1: RSA, elliptic curves, Ed25519), names and
# scopes of signatures (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html),
# custom properties of CSS and options, character sets.
_KNOWN = re.compile(
    r"""(?x)
      [\^~<>=v]{0,3}\d{1,4}(?:\.(?:\d{1,5}|[x*]))+(?:[-+|.^~<>=\w]{0,16})(?:/go\.mod)?\Z
    | [\w./@-]+\.(?:ya?ml|json|txt|pem|key|crt|cer|pub|py|sh|conf|cfg|ini|env|toml|xml|md|html?|js
        |ts|go|java|rb|php|cs|properties|example|yaml\.example|jks|p12|pfx)(?:\#[\w-]*)?\Z
    | 0x[0-9a-fA-F]{40}\Z
    | (?i:\$(?:[1-7]|2[abxy]?|y|apr1|argon2\w*|pbkdf2[\w-]*|scrypt)\$)
    | (?:pbkdf2_sha\d+|sha1|md5|bcrypt(?:_sha256)?|argon2|scrypt)\$
    | [a-z][\w.-]*:\d+(?:\.\d+)+[\w.-]*\Z
    | \$[A-Za-z0-9-]{1,32}(?:\$[\w+/.=,-]+){2,5}\Z
    | YWdlLWVuY3J5cHRpb24ub3JnL3YxC
    | MI[A-Za-z0-9+/]{2,4}(?:MA0GCSqGSIb3DQEBAQUAA4|ANBgkqhkiG9w0BAQEFAAOC) | MCowBQYDK2VwAyEA
    | M[FH][A-Za-z0-9]wE[AQw]YHKoZIzj0CAQ | MIGbMBAGByqGSM49AgEG
    | (?i:[a-z0-9]{2,20}-)?(?i:HMAC|RSA|ECDSA)-SHA-?\d{1,3}\Z
    | [^\s/]{1,128}(?:/|%2F)\d{8}(?:(?:/|%2F)[\w.-]+){2}(?:/|%2F)\w+_request\Z
    | --[a-z][a-z0-9-]*\Z | (?i:iso-8859-\d{1,2}|windows-125\d|utf-?\d\d?-?[bl]e)\Z
    """
)
# An argument, a command of PowerShell, an attribute.
_CODE = re.compile(r"\w+==?[A-Za-z_]\w|(?:[A-Z][a-z]+)+-[A-Z][A-Za-z]+\Z")
# Pieces of minified or concatenated code between two quotes.
_CODE_PIECE = re.compile(r"^[),;:.?+]|[)}\]][,;.)]|&&|\|\||=>|\bfunction\b|\\[nrt]$")
_OBJECT = re.compile(r"\{ ?\\{0,3}\"")
_SWITCHES = frozenset(
    """true false null none undefined string str bool boolean int integer number object bytes any
    optional void self this static parent mixed array iterable callable double float unknown
    required yes always never explicit present absent
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


def password_of(login: str) -> str:
    """The password in the base64 of a user and a password, as HTTP sends them (RFC 7617); empty
    where it is none."""
    try:
        plain = a2b_base64(login + "=" * (-len(login) % 4))
    except (Error, ValueError):
        return ""
    user, _, password = plain.partition(b":")
    is_text = not any(byte < 32 for byte in user + password)
    return password.decode("utf-8", "replace") if is_text else ""
