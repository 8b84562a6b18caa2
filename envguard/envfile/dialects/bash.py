"""`source FILE` in bash, as far as it is assignments; what would be run is an error.

The grammar: https://www.gnu.org/software/bash/manual/bash.html#Shell-Syntax and
https://www.gnu.org/software/bash/manual/bash.html#Shell-Parameter-Expansion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from envguard.envfile.dialects.line import Line, Source, joined, line
from envguard.envfile.interpolate import Piece, Variable

_ASSIGNMENT = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_]*)=")
_EXPORT = re.compile(r"export(?=[ \t\n])")
_NAME_ONLY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?=[ \t\n;]|\Z)")
_PARAMETER = re.compile(
    r"\$(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|\$\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<operator>:?-)(?P<default>[^}\"'`$\\]*))?\}"
)
_HOME = re.compile(r"~(?=[/:\s;]|\Z)")
_SPECIAL_IN_DOUBLE = '$`"\\'


def read(source: Source) -> Iterator[Line]:
    """The variables of a file, in its order. Raises UsageError for everything else than
    assignments, `export` and comments."""
    text = source.text
    at = 0
    exporting = False
    while at < len(text):
        if text[at] in " \t":
            at += 1
        elif text[at] in "\n;":
            exporting, at = False, at + 1
        elif text[at] == "#":
            at = (text.find("\n", at) + 1 or len(text) + 1) - 1
        elif found := _ASSIGNMENT.match(text, at):
            pieces, end = _word(source, found.end())
            yield line(source, at, found["key"], pieces, (found.end(), end))
            at = end
        elif not exporting and (found := _EXPORT.match(text, at)):
            exporting, at = True, found.end()
        elif exporting and (found := _NAME_ONLY.match(text, at)):
            at = found.end()
        else:
            raise source.code(at)


def _word(source: Source, at: int) -> tuple[tuple[Piece, ...], int]:
    """The pieces of a word, and where it ends."""
    text, start = source.text, at
    found: list[Piece] = []
    while at < len(text) and text[at] not in " \t\n;":
        character = text[at]
        if character in "&|<>()`":
            raise source.code(at)
        if character == "\\":
            # A backslash at the end of a line joins it with the next.
            found.append(text[at + 1 : at + 2].replace("\n", ""))
            at += 2
        elif character == "'":
            end = text.find("'", at + 1)
            if end < 0:
                raise source.error(at, "has a ' that does not close", "close it")
            found.append(text[at + 1 : end])
            at = end + 1
        elif character == '"':
            pieces, at = _double(source, at + 1)
            found += pieces
        elif character == "$":
            piece, at = _parameter(source, at)
            found.append(piece)
        elif (at == start or text[at - 1] == ":") and _HOME.match(text, at):
            found.append(Variable("HOME"))
            at += 1
        else:
            found.append(character)
            at += 1
    return joined(found), at


def _double(source: Source, at: int) -> tuple[list[Piece], int]:
    """The pieces between double quotes, and where they end."""
    text, start = source.text, at
    found: list[Piece] = []
    while at < len(text) and text[at] != '"':
        following = text[at + 1 : at + 2]
        if text[at] == "`":
            raise source.code(at)
        if text[at] == "\\" and following and following in _SPECIAL_IN_DOUBLE + "\n":
            found.append(following.replace("\n", ""))
            at += 2
        elif text[at] == "$":
            piece, at = _parameter(source, at, quoted=True)
            found.append(piece)
        else:
            found.append(text[at])
            at += 1
    if at >= len(text):
        raise source.error(start - 1, 'has a " that does not close', "close it")
    return found, at + 1


def _parameter(source: Source, at: int, *, quoted: bool = False) -> tuple[Piece, int]:
    """The variable, or the `$` itself, that stands here, and where it ends."""
    text = source.text
    match = _PARAMETER.match(text, at)
    if match is not None:
        default = (match["default"],) if match["default"] else ()
        name = match["name"] or match["braced"]
        return Variable(name, default, unless_empty=match["operator"] == ":-"), match.end()
    following = text[at + 1 : at + 2]
    if following == "(":
        raise source.code(at)
    # Between double quotes the two other kinds of quotes are no quotes.
    special = "{[$!?#*@-" if quoted else "{['\"$!?#*@-"
    if following and (following in special or following.isdigit()):
        raise source.error(at, "has a $ that depends on the shell", "write its result")
    return "$", at + 1
