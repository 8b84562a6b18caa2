"""What the child's environment is made of."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from envguard.core.secret import Secret

_PREFIX = "ENVGUARD_"
_SECRET_WORDS = frozenset({"KEY", "PASSPHRASE", "PASSWORD", "SECRET", "TOKEN"})

# What Python itself sets before main() in a legacy C locale (PEP 538).
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")


def child_environment(
    calling: Mapping[str, str], *layers: Mapping[str, Secret], override: bool = True
) -> dict[str, str]:
    """The calling environment with the layers' values over it, later layers over earlier ones.

    Without `override` the calling environment wins over them all. envguard's own keys are in
    the result under no circumstances. The values are plaintext: only a child may get them.
    """
    values = {key: value for layer in layers for key, value in layer.items()}
    result = dict(calling)
    for key, value in values.items():
        if override or key not in calling:
            result[key] = value.reveal()
    return {key: value for key, value in result.items() if not is_own_key(key)}


def is_own_key(name: str) -> bool:
    """Whether a variable holds a key of envguard's, which no child and no reference may see:
    ENVGUARD_KEY, and every other ENVGUARD_ name with such a word in it."""
    name = name.upper()
    return name.startswith(_PREFIX) and not _SECRET_WORDS.isdisjoint(name.split("_")[1:])


def calling_environment() -> dict[str, str]:
    """The environment that this process was started with.

    In a legacy C locale Python adds LC_CTYPE to its own environment (PEP 538); a child that is
    started without us would not see it, so it is taken out again where that can be known.
    """
    environ = dict(os.environ)
    if environ.get("LC_CTYPE") in _COERCED and _added_by_python("LC_CTYPE"):
        del environ["LC_CTYPE"]
    return environ


def _added_by_python(name: str) -> bool:
    try:
        # The block that the kernel gave to the program, whatever happened since: proc(5).
        given = Path("/proc/self/environ").read_bytes()
    except OSError:
        return False
    return b"\0" + name.encode() + b"=" not in b"\0" + given
