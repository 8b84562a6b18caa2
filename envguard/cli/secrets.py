"""`envguard secrets`: the verbs for one secret after the other."""

from __future__ import annotations

import getpass
import json
import sys

import typer

from envguard.cli.declare import Globals, flag, text, words
from envguard.cli.options import FORMATS, DialectOptions, GetOptions
from envguard.cli.secrets_about import AboutOptions, about_of
from envguard.cli.secrets_get import get_secret
from envguard.cli.secrets_kept import add_kept
from envguard.cli.secrets_place import PlaceOptions, backend_of, one
from envguard.cli.secrets_versions import add_versions
from envguard.cli.session import confirm, start
from envguard.cli.typed import add, group
from envguard.core.backend import Metadata
from envguard.core.dates import now
from envguard.core.errors import ExitCode, UsageError
from envguard.core.secret import Secret
from envguard.core.text import printable


class SetOptions(AboutOptions):
    """`secrets set`."""

    words: tuple[str, ...] = words(
        "NAME [VALUE]", help="Without VALUE it is read from a prompt or from standard input."
    )


class ListOptions(PlaceOptions):
    """`secrets list`."""

    format: str = text("--format", choices=FORMATS, default="text", help="How to list.")


class ExistsOptions(PlaceOptions):
    """`secrets exists`."""

    name: tuple[str, ...] = words("NAME", help="The secret's name.")


class DeleteOptions(PlaceOptions):
    """`secrets delete`."""

    name: tuple[str, ...] = words("NAME", help="The secret's name.")
    purge: bool = flag("--purge", help="Remove all its versions for good.")
    yes: bool = flag("--yes", "-y", help="Do not ask.")


class DescribeOptions(AboutOptions):
    """`secrets describe`."""

    name: tuple[str, ...] = words("NAME", help="The secret's name.")
    format: str = text("--format", choices=FORMATS, default="text", help="How to show it.")


class ImportOptions(PlaceOptions, DialectOptions):
    """`secrets import`."""

    file: tuple[str, ...] = words(
        "SOURCE",
        help="A .env or .json file, or a folder with one file a key; else the environment.",
    )
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
            "envguard secrets set API_KEY --category api_key --rotate-every 90d",
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
    add(
        verbs,
        "list",
        ListOptions,
        list_secrets,
        help="List the secrets, without values.",
        examples=("envguard secrets list", "envguard secrets list --format json"),
    )
    add(
        verbs,
        "exists",
        ExistsOptions,
        secret_exists,
        help="Exit 0 if it is there, else 5.",
        examples=("envguard secrets exists DATABASE_PASSWORD",),
    )
    add(
        verbs,
        "delete",
        DeleteOptions,
        delete_secret,
        help="Delete a secret.",
        examples=("envguard secrets delete OLD_TOKEN",),
    )
    add(
        verbs,
        "import",
        ImportOptions,
        import_secrets,
        help="Write all values of a file or folder, or of the environment by prefix.",
        examples=(
            "envguard secrets import .env.staging",
            "envguard secrets import /run/secrets",
            "envguard secrets import --prefix SECRET_",
        ),
    )
    add(
        verbs,
        "describe",
        DescribeOptions,
        describe_secret,
        help="Show, or change, what is said about a secret.",
        examples=(
            "envguard secrets describe API_KEY",
            "envguard secrets describe API_KEY --expires-at 2027-01-31 --tag billing",
            'envguard secrets describe API_KEY --expires-at ""    # never again',
        ),
    )
    add_versions(verbs)
    add_kept(verbs)
    app.add_typer(verbs, name="secrets")


def set_secret(given: Globals, options: SetOptions) -> int:
    """Writes a secret."""
    from envguard.jobs.secrets import values as job

    session = start(given)
    about = about_of(options)
    name, value = _name_and_value(options.words)
    # What has expired may be written: it stays expired, which is said.
    backend = backend_of(session, options, allow_expired=True)
    version = job.put(backend, name, value, about)
    session.say(f"{printable(name)} is written, version {version}")
    if job.is_expired(backend, name):
        session.say(
            f"it has expired: envguard secrets describe {printable(name)} --expires-at DATE"
        )
    return ExitCode.OK


def list_secrets(given: Globals, options: ListOptions) -> int:
    """Lists the secrets."""
    from envguard.jobs.secrets import values as job

    session = start(given)
    found = job.listed(backend_of(session, options))
    today = now()
    if options.format == "json":
        rows = [row._asdict() | {"expired": _is_expired(row, today)} for row in found]
        print(json.dumps({"schema": 1, "secrets": rows}, indent=2))
        return ExitCode.OK
    if not found:
        session.say("there are no secrets yet: envguard secrets set NAME")
    width = max((len(printable(row.name)) for row in found), default=0)
    for row in found:
        said = printable(row.name)
        if row.updated:  # a backend may know nothing but names
            version = f"version {row.version}  " if row.version else ""
            said = f"{said:<{width}}  {version}{row.updated[:16]}"
        if row.category != "other":
            said += f"  {row.category}"
        if row.expires_at:
            what = "EXPIRED" if _is_expired(row, today) else "expires"
            said += f"  {what} {row.expires_at[:10]}"
        print(said)
    return ExitCode.OK


def secret_exists(given: Globals, options: ExistsOptions) -> int:
    """Says by its exit code whether a secret is there."""
    from envguard.jobs.secrets import values as job

    session = start(given)
    found = job.exists(backend_of(session, options), one(options.name, "envguard secrets --help"))
    return ExitCode.OK if found else ExitCode.NOT_FOUND


def delete_secret(given: Globals, options: DeleteOptions) -> int:
    """Deletes a secret, after asking."""
    from envguard.jobs.secrets import values as job

    session = start(given)
    name = one(options.name, "envguard secrets --help")
    backend = backend_of(session, options)
    what = "remove every version of" if options.purge else "delete"
    if not confirm(f"{what} {printable(name)}?", yes=options.yes):
        raise UsageError(f"{printable(name)} was not deleted", "answer y, or use --yes")
    job.delete(backend, name, purge=options.purge)
    session.say(f"{printable(name)} is {'gone for good' if options.purge else 'deleted'}")
    return ExitCode.OK


def describe_secret(given: Globals, options: DescribeOptions) -> int:
    """Shows what is said about a secret, after changing it where an option says so."""
    from envguard.jobs.secrets import values as job

    session = start(given)
    name = one(options.name, "envguard secrets describe NAME")
    found = job.describe(backend_of(session, options), name, about_of(options))
    if options.format == "json":
        print(json.dumps({"schema": 1, "secret": found._asdict()}, indent=2))
        return ExitCode.OK
    for field, value in found._asdict().items():
        shown = " ".join(value) if isinstance(value, tuple) else value
        if shown not in (None, ""):
            print(f"{field.replace('_', ' '):<12}  {printable(str(shown))}")
    return ExitCode.OK


def import_secrets(given: Globals, options: ImportOptions) -> int:
    """Writes many secrets."""
    from envguard.jobs.secrets import imports as job

    session = start(given)
    if options.file:
        file = session.folder / one(options.file, "envguard secrets import FILE")
        dialect = options.dialect or session.profile.dialect
        values = job.read(file, session.settings.environ, session.config, dialect)
    elif not options.prefix:
        raise UsageError(
            "the whole environment is not imported", "name a file, or use --prefix SECRET_"
        )
    else:
        values = {key: Secret(value) for key, value in session.settings.environ.items()}
    backend = backend_of(session, options, allow_expired=True)  # to compare, not to show
    done = job.import_values(backend, values, options.prefix)
    session.say(f"{len(done.written)} written, {len(done.unchanged)} were there already")
    if done.skipped:
        names = ", ".join(printable(name) for name in done.skipped)
        session.say(f"left out, references or without a value: {names}")
    return ExitCode.OK


def _is_expired(row: Metadata, today: str) -> bool:
    return bool(row.expires_at and row.expires_at <= today)


def _name_and_value(given: tuple[str, ...]) -> tuple[str, Secret]:
    if not given or len(given) > 2:
        raise UsageError("a name is needed, and at most one value", "envguard secrets set NAME")
    name = given[0]
    if len(given) == 2:
        return name, Secret(given[1])
    empty = UsageError(
        "there is no value", f'for an empty one: envguard secrets set {printable(name)} ""'
    )
    if sys.stdin.isatty():
        typed = getpass.getpass(f"{printable(name)}: ")
        if not typed:
            raise empty
        return name, Secret(typed)
    try:
        content = sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(
            f"the value of {printable(name)} is not UTF-8 text", "encode it: base64 FILE | …"
        ) from None
    if not content:  # a job without standard input, more likely than an empty value
        raise empty
    return name, Secret(content.removesuffix("\n"))
