"""How a command declares its options: once, as the attributes of a class.

Two parsers read the declaration: `hot.py`, which starts in no time and knows only well-formed
calls, and typer (`typed.py`), which explains the others. No dataclasses here: to import their
module costs as much as to start Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Spec(NamedTuple):
    """How one attribute stands on the command line.

    `kind` is `flag` (no value), `text`, `many` (repeatable text) or `words` (the
    positional arguments). `choices` limits a text. `names` is empty for positional arguments.
    """

    kind: str
    names: tuple[str, ...]
    help: str
    default: Any = None
    metavar: str = ""
    choices: tuple[str, ...] = ()


class Options:
    """The base of every declaration. An object of it has the values; the class has the Specs."""

    def __init__(self, **values: Any) -> None:
        for name, spec in specs(type(self)):
            setattr(self, name, values.pop(name, spec.default))
        if values:
            raise TypeError(f"there is no option {next(iter(values))}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __repr__(self) -> str:
        # Options can hold a value (`secrets set NAME VALUE`), so none is shown.
        return f"{type(self).__name__}(…)"

    __hash__ = None  # type: ignore[assignment]  # equal by value, and not frozen


def flag(*names: str, help: str) -> Any:
    """A switch; False unless given."""
    return Spec("flag", names, help, False)


def text(
    *names: str,
    help: str,
    metavar: str = "TEXT",
    choices: tuple[str, ...] = (),
    default: str | None = None,
) -> Any:
    """An option with a value."""
    return Spec("text", names, help, default, metavar, choices)


def many(*names: str, help: str, metavar: str = "TEXT") -> Any:
    """An option that can be given several times; a tuple."""
    return Spec("many", names, help, (), metavar)


def words(metavar: str, help: str) -> Any:
    """The positional arguments; a tuple."""
    return Spec("words", (), help, (), metavar)


def specs(options: type[Options]) -> list[tuple[str, Spec]]:
    """The declared attributes of a class of options, in their order, inherited ones first."""
    return [
        (name, spec)
        for declared in reversed(options.__mro__)
        for name, spec in vars(declared).items()
        if isinstance(spec, Spec)
    ]


class Globals(Options):
    """The options of every command, before or after its name."""

    config: str | None = text("--config", metavar="FILE", help="Use this configuration file.")
    profile: str | None = text("--profile", metavar="NAME", help="Use this profile.")
    verbose: bool = flag("--verbose", "-v", help="Say more on standard error.")
    quiet: bool = flag("--quiet", "-q", help="Say only what is wrong.")
    no_color: bool = flag("--no-color", help="Use no colour.")


def by_name(options: type[Options]) -> Mapping[str, tuple[str, Spec]]:
    """Option name -> (attribute, spec), for the options and the global ones."""
    return {
        name: (attribute, spec)
        for declared in (Globals, options)
        for attribute, spec in specs(declared)
        for name in spec.names
    }
