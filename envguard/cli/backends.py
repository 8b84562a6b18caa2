"""`envguard backends`: what can be used, and why not."""

from __future__ import annotations

import json

import typer

from envguard.cli.declare import Globals, Options, flag, text, words
from envguard.cli.options import FORMATS, PlaceOptions
from envguard.cli.secrets_place import backend_of
from envguard.cli.session import start
from envguard.cli.typed import add
from envguard.core.errors import ExitCode, UsageError
from envguard.core.text import printable

_ALLOWED = {True: "yes", False: "no", None: "not tried"}


class ListOptions(Options):
    """`backends list`."""

    format: str = text("--format", choices=FORMATS, default="text", help="How to list.")


class CheckOptions(Options):
    """`backends check`."""

    backend: tuple[str, ...] = words("[URL|ALIAS]", help="The backend; else the profile's.")
    write: bool = flag("--write", help="Make a secret there and remove it again, to try that too.")
    format: str = text("--format", choices=FORMATS, default="text", help="How to print.")


def add_backends(app: typer.Typer) -> None:
    """Adds the group of commands."""
    backends = typer.Typer(help="Where secrets can live: what is installed, reachable, allowed.")
    add(
        backends,
        "list",
        ListOptions,
        list_backends,
        help="List the backends, which of them are configured, and whether they answer.",
        examples=("envguard backends list", "envguard backends list --format json"),
    )
    add(
        backends,
        "check",
        CheckOptions,
        check_backend,
        help="Show what you may do in a backend, and what gives the rights that are missing;"
        " exit 1 if some are.",
        examples=(
            "envguard backends check",
            "envguard backends check prod",
            "envguard backends check aws://eu-west-1/shop/prod --write",
        ),
    )
    app.add_typer(backends, name="backends")


def list_backends(given: Globals, options: ListOptions) -> int:
    """Prints what there is."""
    from envguard.jobs import backends as job

    session = start(given)
    found = job.listed(session.config, session.profile, session.settings)
    if options.format == "json":
        report = {
            "schema": 1,
            "schemes": [
                {**scheme._asdict(), "installed": not scheme.install} for scheme in found.schemes
            ],
            "backends": [
                {**one._asdict(), "reachable": one.problem is None} for one in found.declared
            ],
        }
        print(json.dumps(report, indent=2))
        return ExitCode.OK
    for scheme in found.schemes:
        state = scheme.install or "installed"
        print(f"{scheme.scheme + ':':<10} {scheme.title:<42} {state}")
    if found.declared:
        print()
    width = max((len(printable(one.alias)) for one in found.declared), default=0)
    for one in found.declared:
        state = "answers" if one.problem is None else printable(one.problem)
        print(f"{printable(one.alias):<{width}}  {printable(one.url)}  {state}")
        if one.hint is not None:
            print(f"{'':<{width}}  {printable(one.hint)}")
    return ExitCode.OK


def check_backend(given: Globals, options: CheckOptions) -> int:
    """Prints what the caller may do."""
    from envguard.jobs import backends as job

    session = start(given)
    if len(options.backend) > 1:
        raise UsageError("one backend is checked at a time", "envguard backends check URL")
    name = options.backend[0] if options.backend else session.profile.backend
    backend = backend_of(session, PlaceOptions(backend=name))
    found = job.rights(backend, write=options.write)
    missing = [right for right in found if right.allowed is False]
    url = session.config.backend_url(name)
    if options.format == "json":
        rows = [right._asdict() for right in found]
        print(json.dumps({"schema": 1, "backend": url, "rights": rows}, indent=2))
    else:
        print(printable(url))
        for right in found:
            line = f"  {printable(right.line)}" if right.allowed is False else ""
            print(f"  {right.name:<7} {_ALLOWED[right.allowed]:<10}{line}".rstrip())
        if any(right.allowed is None for right in found):
            session.say("with --write a secret is made and removed again, to try the others")
    return ExitCode.FINDINGS if missing else ExitCode.OK
