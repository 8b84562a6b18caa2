"""Interpolation: values that are built from other values, of which some are taken verbatim."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from envguard.envfile.python_dotenv import Variable as DotenvVariable
from envguard.envfile.python_dotenv import parse_variables


class Variable(NamedTuple):
    """A place that another value fills: that of `name`, or what `default` gives where there is
    none (with `unless_empty` also where it is empty)."""

    name: str
    default: tuple[Piece, ...] = ()
    unless_empty: bool = False


Piece = str | Variable
"""A piece of a value: text as it is, or a variable."""


def pieces(value: str) -> tuple[Piece, ...]:
    """The pieces of a value as python-dotenv interpolates it: `${NAME}` and `${NAME:-DEFAULT}`
    are variables, `$NAME` stands for itself."""
    if "${" not in value:
        return (value,)
    found: list[Piece] = []
    for atom in parse_variables(value):
        if isinstance(atom, DotenvVariable):
            default = () if atom.default is None else (atom.default,)
            found.append(Variable(atom.name, default))
        else:
            found.append(atom.resolve({}))
    return tuple(found)


def join(
    pairs: Iterable[tuple[str, Sequence[Piece] | None]],
    environ: Mapping[str, str],
    *,
    override: bool = True,
) -> dict[str, str | None]:
    """The values whose pieces these are, by key (None: a key without a value); the last wins.

    A variable stands for a value above, else for a variable of `environ`, else for its default
    or nothing. Without `override`, `environ` goes before the values above.
    """
    values: dict[str, str | None] = {}
    known: Mapping[str, str | None]
    known = ChainMap(values, dict(environ)) if override else ChainMap(dict(environ), values)
    for key, value in pairs:
        values[key] = None if value is None else _joined(value, known)
    return values


def names(value: Sequence[Piece]) -> tuple[str, ...]:
    """The names that the pieces of a value ask for, each once, in their order."""
    found: dict[str, None] = {}
    for part in value:
        if isinstance(part, Variable):
            found[part.name] = None
            found |= dict.fromkeys(names(part.default))
    return tuple(found)


def variables(value: str) -> tuple[str, ...]:
    """The names that a value interpolates, as python-dotenv reads it."""
    return names(pieces(value)) if "${" in value else ()


def _joined(value: Sequence[Piece], known: Mapping[str, str | None]) -> str:
    return "".join(p if isinstance(p, str) else _filled(p, known) for p in value)


def _filled(variable: Variable, known: Mapping[str, str | None]) -> str:
    if variable.name in known:
        found = known[variable.name] or ""
        if found or not variable.unless_empty:
            return found
    return _joined(variable.default, known)
