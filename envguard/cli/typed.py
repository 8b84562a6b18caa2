"""Typer commands from declared options: help, completion and messages for mistakes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from envguard.cli.completion import completer
from envguard.cli.declare import Globals, Options, Spec, specs

Handler = Callable[[Globals, Any], int]


class ChosenCommand(Exception):
    """A well-formed call, on its way out of typer, which would make exit codes of its own from
    the Ctrl-C, the broken pipe and the end of input of a command that it runs."""

    def __init__(self, handler: Handler, given: Globals, options: Any) -> None:
        super().__init__()
        self.handler = handler
        self.given = given
        self.options = options


def add(
    app: typer.Typer,
    name: str,
    options: type[Options],
    handler: Handler,
    *,
    help: str,
    examples: tuple[str, ...] = (),
    stop: bool = False,
) -> None:
    """Adds a command that raises ChosenCommand, to call `handler(globals, options)`.

    With `stop` the first positional argument ends the options (`run`).
    """

    def command(context: typer.Context, **values: Any) -> None:
        above = context.obj or {}
        merged = {
            key: above.get(key, value) if value is None or value is False else value
            for key, value in values.items()
        }
        chosen = {attribute: merged.pop(attribute) for attribute, _ in specs(Globals)}
        raise ChosenCommand(handler, Globals(**chosen), options(**_plain(options, merged)))

    parameters = [*_parameters(options, None), *_parameters(Globals, "Global options")]
    _sign(command, parameters)
    settings = {"allow_interspersed_args": False} if stop else {}
    app.command(name, help=_with_examples(help, examples), context_settings=settings)(command)


def group(options: type[Options]) -> Callable[..., None]:
    """A callback of a group of commands, whose options count for each of its commands."""

    def callback(context: typer.Context, **values: Any) -> None:
        context.obj = {
            **(context.obj or {}),
            **{k: v for k, v in values.items() if v is not None and v is not False},
        }

    _sign(callback, _parameters(options, None))
    return callback


def _with_examples(help: str, examples: tuple[str, ...]) -> str:
    if not examples:
        return help
    # \b: click's mark for a paragraph that keeps its lines.
    return f"{help}\n\n\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples)


def _sign(function: Callable[..., None], parameters: list[inspect.Parameter]) -> None:
    """Gives a function the signature that typer reads (PEP 362)."""
    context = inspect.Parameter(
        "context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context
    )
    everything = [context, *parameters]
    function.__signature__ = inspect.Signature(everything)  # type: ignore[attr-defined]  # PEP 362
    function.__annotations__ = {p.name: p.annotation for p in everything}


def _parameters(options: type[Options], panel: str | None) -> list[inspect.Parameter]:
    return [_parameter(attribute, spec, panel) for attribute, spec in specs(options)]


def _parameter(name: str, spec: Spec, panel: str | None) -> inspect.Parameter:
    default = spec.default
    kind: Any = {"flag": bool, "text": str}.get(spec.kind, list[str])
    chosen: dict[str, Any] = {"metavar": None if spec.kind == "flag" else spec.metavar}
    if spec.choices:
        chosen = {
            "metavar": f"[{'|'.join(spec.choices)}]",
            "callback": _checked(spec.choices),
            "autocompletion": lambda: list(spec.choices),
        }
    elif complete := completer(spec):
        chosen["autocompletion"] = complete
    information: Any
    if spec.kind == "words":
        information = typer.Argument(help=spec.help, show_default=False, **chosen)
    else:
        information = typer.Option(
            *spec.names,
            help=spec.help,
            show_default=bool(spec.choices and default),
            rich_help_panel=panel,
            **chosen,
        )
    if spec.kind != "flag":
        kind = kind | None
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None if default == () else default,
        annotation=Annotated[kind, information],
    )


def _checked(choices: tuple[str, ...]) -> Callable[[str | None], str | None]:
    """What lets only the choices through. Of an enum, typer's own way, the messages begin with
    "Value error" since it reads them with pydantic."""

    def check(value: str | None) -> str | None:
        if value is not None and value not in choices:
            raise typer.BadParameter(f"{value!r} is not one of {', '.join(map(repr, choices))}.")
        return value

    return check


def _plain(options: type[Options], values: Mapping[str, Any]) -> dict[str, Any]:
    """Typer's values as the declaration has them: lists as tuples."""
    plain: dict[str, Any] = {}
    for attribute, spec in specs(options):
        value = values[attribute]
        if spec.kind in ("many", "words"):
            value = tuple(value or ())
        plain[attribute] = value
    return plain
