"""Whether values are what `[secrets.KEY]` expects. Messages name keys, never values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from envguard.core.errors import EnvguardError, NotFoundError, UsageError
from envguard.core.expected import Expected
from envguard.core.secret import Secret

# RFC 3986, section 3: a scheme, `://`, and an authority or a path. Neither holds blanks or control
# characters; what else they hold differs too much (`mongodb://a:1,b:2/`) to be looked into.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\x00-\x1f\x7f]+")
# https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_EMAIL = re.compile(rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_PORT = re.compile(r"[0-9]{1,5}")
# What YAML 1.1, configuration files and shells write for the two values.
_BOOLEANS = frozenset("true false 1 0 yes no on off".split())


def problems(values: Mapping[str, Secret], expected: Mapping[str, Expected]) -> list[EnvguardError]:
    """What is wrong with the values, by key. A key that is absent or empty is wrong where it is
    required, and has no type."""
    found: list[EnvguardError] = []
    for key, wish in expected.items():
        value = values[key].reveal() if key in values else ""
        if value:
            what = _mismatch(value, wish)
            if what:
                found.append(UsageError(f"{key}: the value is {what}", _HINT.format(key)))
        elif wish.required:
            state = "is empty" if key in values else "is not set"
            found.append(NotFoundError(f"{key}: it is required and {state}", _MISSING.format(key)))
    return found


_HINT = "correct the value, or [secrets.{0}] in the configuration"
_MISSING = "set it: envguard secrets set {0}, and {0}=secret:{0} in the .env"


def _mismatch(value: str, wish: Expected) -> str:
    """What the value is not; empty where it is as it should be."""
    match wish.type:
        case "url":
            return "" if _URL.fullmatch(value) else "no URL, such as https://host/path"
        case "integer":
            return "" if _INTEGER.fullmatch(value) else "no integer"
        case "boolean":
            return "" if value.lower() in _BOOLEANS else "no boolean, such as true or false"
        case "email":
            return "" if _EMAIL.fullmatch(value) else "no email address"
        case "port":
            return "" if _is_port(value) else "no port, 1 to 65535"
        case "enum":
            return "" if value in wish.values else f"none of {', '.join(wish.values)}"
        case "regex":
            return "" if re.fullmatch(wish.pattern, value) else "not as the pattern says"
    return ""


def _is_port(text: str) -> bool:
    return _PORT.fullmatch(text) is not None and 1 <= int(text) <= 65535
