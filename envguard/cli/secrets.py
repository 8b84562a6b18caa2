"""`envguard secrets`: set, get, list, exists, delete, import."""

from __future__ import annotations

import getpass
import json
import sys
from pathlib import Path

import typer

from envguard.cli.declare import Globals, Options, flag, text, words
from envguard.cli.options import FORMATS
from envguard.cli.session import Session, confirm, start
from envguard.cli.typed import add, group
from envguard.core.backend import Backend
from envguard.core.errors import ExitCode, UsageError
from envguard.core.secret import Secret
from envguard.core.text import printable

_STORE = "Use this store file; its key is beside it."
_BACKEND = "Use this backend, by alias or URL; else the profile's."


class PlaceOptions(Options):
    """The options before and after each verb."""

    store: str | None = text("--store", "-f", metavar="FILE", help=_STORE)
    backend: str | None = text("--backend", metavar="URL", help=_BACKEND)


class SetOptions(PlaceOptions):
    """`secrets set`."""

    words: tuple[str, ...] = words(
        "NAME [VALUE]", help="Without VALUE it is read from a prompt or from standard input."
    )


class GetOptions(PlaceOptions):
    """`secrets get`."""

    name: tuple[str, ...] = words("NAME", help="NAME, NAME#FIELD or NAME@VERSION.")
    reveal: bool = flag("--reveal", help="Print the value, for a pipe.")
    format: str = text("--format", choices=FORMATS, default="text", help="How to print.")


class ListOptions(PlaceOptions):
    """`secrets list`."""

    format: str = text("--format", choices=FORMATS, default="text", help="How to list.")


class ExistsOptions(PlaceOptions):
    """`secrets exists`."""

    name: tuple[str, ...] = words("NAME", help="The secret's name.")


class DeleteOptions(PlaceOptions):
    """`secrets delete`."""

    name: tuple[str, ...] = words("NAME", help="The secret's name.")
    yes: bool = flag("--yes", "-y", help="Do not ask.")


class ImportOptions(PlaceOptions):
    """`secrets import`."""

    file: tuple[str, ...] = words("FILE", help="A .env file; without it the environment.")
    prefix: str = text(
        "--prefix", metavar="TEXT", default="", help="Take these names only, without the prefix."
    )


def add_secrets(app: typer.Typer) -> None:
    """Adds the group of commands."""
    verbs = typer.Typer(help="The values themselves, in the profile's backend or a store file.")
    verbs.callback()(group(PlaceOptions))
    add(
        verbs,
        "set",
        SetOptions,
        set_secret,
        help="Write a secret.",
        examples=(
            "envguard secrets set API_KEY              # asks, without echo",
            "pass show api | envguard secrets set API_KEY",
        ),
    )
    add(
        verbs,
        "get",
        GetOptions,
        get_secret,
        help="Show a secret, masked unless --reveal.",
        examples=("envguard secrets get --reveal API_KEY | pbcopy",),
    )
    add(verbs, "list", ListOptions, list_secrets, help="List the secrets, without values.")
    add(verbs, "exists", ExistsOptions, secret_exists, help="Exit 0 if it is there, else 5.")
    add(verbs, "delete", DeleteOptions, delete_secret, help="Delete a secret.")
    add(
        verbs,
        "import",
        ImportOptions,
        import_secrets,
        help="Write all values of a .env file, or of the environment by prefix.",
        examples=(
            "envguard secrets import .env.staging",
            "envguard secrets import --prefix SECRET_",
        ),
    )
    app.add_typer(verbs, name="secrets")


def set_secret(given: Globals, options: SetOptions) -> int:
    """Writes a secret."""
    from envguard.jobs import secrets as job

    session = start(given)
    name, value = _name_and_value(options.words)
    version = job.put(_backend(session, options), name, value)
    session.say(f"{printable(name)} is written, version {version}")
    return ExitCode.OK


def get_secret(given: Globals, options: GetOptions) -> int:
    """Prints a secret."""
    from envguard.jobs import secrets as job

    session = start(given)
    name = _one(options.name)
    value = job.get(_backend(session, options), name)
    shown = value.reveal() if options.reveal else value.mask()
    if options.format == "json":
        print(json.dumps({"schema": 1, "name": name, "value": shown}))
    elif options.reveal and not sys.stdout.isatty():
        # Into a pipe exactly the value, so that it can be compared and stored again.
        sys.stdout.buffer.write(shown.encode("utf-8", "surrogateescape"))
    else:
        print(shown)
    return ExitCode.OK


def list_secrets(given: Globals, options: ListOptions) -> int:
    """Lists the secrets."""
    from envguard.jobs import secrets as job

    session = start(given)
    found = job.listed(_backend(session, options))
    if options.format == "json":
        print(json.dumps({"schema": 1, "secrets": [row._asdict() for row in found]}, indent=2))
        return ExitCode.OK
    if not found:
        session.say("there are no secrets yet: envguard secrets set NAME")
    width = max((len(printable(row.name)) for row in found), default=0)
    for row in found:
        print(f"{printable(row.name):<{width}}  version {row.version}  {row.updated[:16]}")
    return ExitCode.OK


def secret_exists(given: Globals, options: ExistsOptions) -> int:
    """Says by its exit code whether a secret is there."""
    from envguard.jobs import secrets as job

    session = start(given)
    found = job.exists(_backend(session, options), _one(options.name))
    return ExitCode.OK if found else ExitCode.NOT_FOUND


def delete_secret(given: Globals, options: DeleteOptions) -> int:
    """Deletes a secret, after asking."""
    from envguard.jobs import secrets as job

    session = start(given)
    name = _one(options.name)
    backend = _backend(session, options)
    if not confirm(f"delete {printable(name)}?", yes=options.yes):
        raise UsageError(f"{printable(name)} was not deleted", "answer y, or use --yes")
    job.delete(backend, name)
    session.say(f"{printable(name)} is deleted")
    return ExitCode.OK


def import_secrets(given: Globals, options: ImportOptions) -> int:
    """Writes many secrets."""
    from envguard.jobs import secrets as job

    session = start(given)
    if options.file:
        file = session.folder / _one(options.file)
        values = job.read_env(file, session.settings.environ, session.config)
    elif not options.prefix:
        raise UsageError(
            "the whole environment is not imported", "name a file, or use --prefix SECRET_"
        )
    else:
        values = {key: Secret(value) for key, value in session.settings.environ.items()}
    done = job.import_values(_backend(session, options), values, options.prefix)
    session.say(f"{len(done.written)} written, {len(done.unchanged)} were there already")
    if done.skipped:
        names = ", ".join(printable(name) for name in done.skipped)
        session.say(f"left out, references or without a value: {names}")
    return ExitCode.OK


def _backend(session: Session, options: PlaceOptions) -> Backend:
    from envguard.jobs import secrets as job

    place = job.Place(
        store=session.folder / Path(options.store) if options.store else None,
        backend=options.backend,
    )
    return job.opened(place, session.config, session.profile, session.settings)


def _one(names: tuple[str, ...]) -> str:
    if len(names) != 1:
        raise UsageError(f"one name is needed, not {len(names)}", "envguard secrets --help")
    return names[0]


def _name_and_value(given: tuple[str, ...]) -> tuple[str, Secret]:
    if not given or len(given) > 2:
        raise UsageError("a name is needed, and at most one value", "envguard secrets set NAME")
    name = given[0]
    if len(given) == 2:
        return name, Secret(given[1])
    if sys.stdin.isatty():
        return name, Secret(getpass.getpass(f"{printable(name)}: "))
    try:
        content = sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(
            f"the value of {printable(name)} is not UTF-8 text", "encode it: base64 FILE | …"
        ) from None
    return name, Secret(content.removesuffix("\n"))
