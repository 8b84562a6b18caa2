"""Strong passwords from the system's random numbers."""

from __future__ import annotations

import secrets
import string

from envguard.core.errors import UsageError
from envguard.core.secret import Secret

SYMBOLS = "!#%+,-.:=?@^_~"
"""No quotes, blanks, `$`, backslash or backtick: what needs no escape in a .env file or a shell."""

LENGTH = 32
SHORTEST, LONGEST = 16, 4096

_LETTERS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)


def generate(length: int = LENGTH, *, symbols: bool = False) -> Secret:
    """A password of small and large letters and digits, with `symbols` also of SYMBOLS; at least
    one of each. 32 letters and digits are 190 bits. Raises UsageError for another length."""
    if not SHORTEST <= length <= LONGEST:
        raise UsageError(
            f"a password of {length} characters is not made", f"use {SHORTEST} to {LONGEST}"
        )
    classes = (*_LETTERS, SYMBOLS) if symbols else _LETTERS
    everything = "".join(classes)
    while True:
        found = "".join(secrets.choice(everything) for _ in range(length))
        # Drawn again as a whole, so that every password that is allowed is as likely.
        if all(set(found) & set(one) for one in classes):
            return Secret(found)
