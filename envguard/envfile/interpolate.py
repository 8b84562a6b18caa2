"""python-dotenv's interpolation, for values of which some are taken verbatim."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping

from envguard.envfile.python_dotenv import Variable, parse_variables


def expand(
    pairs: Iterable[tuple[str, str | None, bool]],
    environ: Mapping[str, str],
    *,
    override: bool = True,
) -> dict[str, str | None]:
    """The values of a file, or of several in a row, after interpolation, by key; the last wins.

    `pairs` are key, value (None: a key without `=`) and whether the value is verbatim: resolved
    from a reference, and so not looked into. `${NAME}` and `${NAME:-DEFAULT}` stand for a value
    above, else for a variable of `environ`, else for the default or nothing; `$NAME` for itself.
    Without `override`, `environ` goes before the values above.
    """
    values: dict[str, str | None] = {}
    known: Mapping[str, str | None]
    known = ChainMap(values, dict(environ)) if override else ChainMap(dict(environ), values)
    for key, value, verbatim in pairs:
        if value is None or verbatim:
            values[key] = value
        else:
            values[key] = "".join(atom.resolve(known) for atom in parse_variables(value))
    return values


def variables(value: str) -> tuple[str, ...]:
    """The names that a value interpolates, each once, in their order."""
    if "${" not in value:
        return ()
    atoms = parse_variables(value)
    return tuple(dict.fromkeys(atom.name for atom in atoms if isinstance(atom, Variable)))
