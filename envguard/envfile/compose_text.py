"""What docker compose makes of `$` in its file, and how python-dotenv would say the same.

https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md
"""

from __future__ import annotations

import re

from envguard.envfile.python_dotenv import Variable, parse_variables

# `$$`, `$NAME`, `${NAME}` with what may follow the name; defaults are not nested here.
_DOLLAR = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)(?P<rest>[^{}]*)\})"
)
_LITERAL = "${:-$}"
"""`$` before a brace for python-dotenv: a variable without a name that has `$` for its default."""


def decode(text: str) -> str:
    """A text of a compose file as it would stand in a .env file, before interpolation."""
    return _DOLLAR.sub(lambda match: _decoded(match, text), text)


def encode(value: str) -> str:
    """A value, as `decode` gives it, as a text of a compose file."""
    parts = []
    for atom in parse_variables(value):
        if not isinstance(atom, Variable):
            parts.append(str(atom.value).replace("$", "$$"))  # type: ignore[attr-defined]  # the other atom is a Literal
        elif not atom.name:
            parts.append((atom.default or "").replace("$", "$$"))
        else:
            default = "" if atom.default is None else f":-{atom.default}"
            parts.append(f"${{{atom.name}{default}}}")
    return "".join(parts)


def _decoded(match: re.Match[str], text: str) -> str:
    if match["escaped"]:
        return _LITERAL if text.startswith("{", match.end()) else "$"
    if match["name"]:
        return f"${{{match['name']}}}"
    rest = match["rest"]
    return f"${{{match['braced']}{rest if rest.startswith(':-') else ''}}}"
