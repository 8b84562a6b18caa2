"""Every command, taken from the command line itself, so that none can be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main

from envguard.cli.app import build
from envguard.cli.declare import Globals, Spec, specs
from envguard.cli.typed import ChosenCommand

TYPER: Any = typer.main.get_command(build())


def _leaves(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield " ".join(words), command
        return
    for name, child in below.items():
        yield from _leaves(child, (*words, name))


COMMANDS: dict[str, Any] = dict(_leaves(TYPER, ()))
"""The name of each command, such as `secrets get`, with typer's own description of it."""


def options(name: str) -> dict[str, Spec]:
    """How each option of a command is declared, by each of its names; not the global ones."""
    try:
        TYPER(name.split(), prog_name="envguard")
    except ChosenCommand as chosen:
        declared = specs(type(chosen.options))
        return {option: spec for _, spec in declared for option in spec.names}
    raise AssertionError(f"{name} cannot be called without arguments")


def choices(name: str, option: str) -> tuple[str, ...]:
    """What an option of a command can be; nothing where the command does not have it."""
    spec = options(name).get(option)
    return spec.choices if spec is not None else ()


GLOBAL_NAMES = {name for _, spec in specs(Globals) for name in spec.names}
