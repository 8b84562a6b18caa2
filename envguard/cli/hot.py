"""The start without typer, for the commands that are started forty times a day.

Parses a well-formed call of `run`, `scan` or `hook run` from the same declarations that typer
gets. Anything else (help, a mistake, another command) is left to typer, which explains it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from envguard.cli.declare import Globals, Options, Spec, by_name, specs

Chosen = TypeVar("Chosen", bound=Options)


def parse(
    options: type[Chosen], arguments: Sequence[str], *, given: Mapping[str, Any], stop: bool
) -> tuple[Globals, Chosen] | None:
    """The options that `arguments` (after the command's name) say, or None: not well-formed.

    `given` are global options that stood before the name. With `stop` the first positional
    argument ends the options, so that a child's own options stay its own.
    """
    known = by_name(options)
    found: dict[str, Any] = dict(given)
    positional: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument == "--":
            positional += rest
            break
        if not argument.startswith("-") or argument == "-":
            positional.append(argument)
            if stop:
                positional += rest
                break
            continue
        if not _take(argument, rest, known, found):
            return None
    word_fields = [name for name, spec in specs(options) if spec.kind == "words"]
    if positional and not word_fields:
        return None
    if word_fields:
        found[word_fields[0]] = tuple(positional)
    names = {name for name, _ in specs(Globals)}
    return (
        Globals(**{name: value for name, value in found.items() if name in names}),
        options(**{name: value for name, value in found.items() if name not in names}),
    )


def leading_globals(arguments: Sequence[str]) -> tuple[dict[str, Any], list[str]] | None:
    """The global options before the command's name, and the rest; None: not well-formed."""
    known = by_name(Globals)
    found: dict[str, Any] = {}
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        if not _take(rest.pop(0), rest, known, found):
            return None
    return found, rest


def _take(
    argument: str,
    rest: list[str],
    known: Mapping[str, tuple[str, Spec]],
    found: dict[str, Any],
) -> bool:
    """Reads one option, with its value from `rest` where it has one; False: not well-formed."""
    name, equals, value = argument.partition("=")
    if not argument.startswith("--") and len(argument) > 2:
        return False  # bundled short options are typer's
    if name not in known:
        return False
    field, spec = known[name]
    if spec.kind == "flag":
        found[field] = True
        return not equals
    if not equals:
        if not rest:
            return False
        value = rest.pop(0)
    if spec.choices and value not in spec.choices:
        return False
    if spec.kind == "many":
        found[field] = (*found.get(field, ()), value)
    else:
        found[field] = value
    return True
