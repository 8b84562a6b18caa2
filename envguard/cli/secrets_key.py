"""`envguard secrets key`: the key of the embedded store."""

from __future__ import annotations

import getpass
import os
import sys
from typing import TYPE_CHECKING

import typer

from envguard.cli.declare import Globals, text, words
from envguard.cli.secrets_place import (
    PlaceOptions,
    backend_of,
    new_passphrase,
    one,
    passphrase_in,
)
from envguard.cli.secrets_recipients import say_made
from envguard.cli.session import Session, start
from envguard.cli.typed import add
from envguard.core.errors import ExitCode, UsageError
from envguard.core.secret import Secret
from envguard.core.text import printable

if TYPE_CHECKING:
    from envguard.jobs.secrets import keeping

_HOMES = ("file", "keyring", "passphrase")
_FROM_FILE = "Read the passphrase from this file."


class HomeOptions(PlaceOptions):
    """Where a key is kept."""

    home: str | None = text("--home", choices=_HOMES, help="Where the key is kept.")
    passphrase_file: str | None = text("--passphrase-file", metavar="FILE", help=_FROM_FILE)


class ExportKeyOptions(PlaceOptions):
    """`secrets key export`."""

    output: str | None = text("--output", "-o", metavar="FILE", help="A new file, 0600.")


class ImportKeyOptions(PlaceOptions):
    """`secrets key import`."""

    file: tuple[str, ...] = words("FILE", help="The file with the key; else standard input.")


def add_key(verbs: typer.Typer) -> None:
    """Adds the group of commands."""
    key = typer.Typer(help="The key of the embedded store.")
    add(
        key,
        "new",
        HomeOptions,
        new_key,
        help="Make an empty store with a key of its own; for age: your key, and the file.",
        examples=(
            "envguard secrets -f team.db key new --home passphrase",
            "envguard secrets key new --home keyring",
            "envguard secrets key new --backend age:secrets.age",
        ),
    )
    add(
        key,
        "export",
        ExportKeyOptions,
        export_key,
        help="Print the key, to hand it to somebody who shall open the store.",
        examples=(
            "envguard secrets -f team.db key export -o team.key",
            "envguard secrets -f team.db key export | age -r age1… > team.key.age",
        ),
    )
    add(
        key,
        "import",
        ImportKeyOptions,
        import_key,
        help="Take the key that somebody handed on.",
        examples=("age -d -i me.txt team.key.age | envguard secrets -f team.db key import",),
    )
    verbs.add_typer(key, name="key")


def new_key(given: Globals, options: HomeOptions) -> int:
    """Makes a store with a key."""
    from envguard.jobs.secrets import keeping, recipients

    session = start(given)
    home = options.home or "file"
    backend = backend_of(session, options)
    if recipients.is_for_age(backend):
        if home != "file":
            raise UsageError("a key of age is kept in a file", "leave --home out")
        say_made(session, recipients.new_key(backend, session.settings), backend.url)
        return ExitCode.OK
    passphrase = passphrase_for(session, home, options.passphrase_file)
    say_where(session, keeping.new_key(backend, home, passphrase))
    return ExitCode.OK


def export_key(given: Globals, options: ExportKeyOptions) -> int:
    """Prints the key."""
    from envguard.jobs.secrets import keeping, recipients

    session = start(given)
    if options.output is None and sys.stdout.isatty():
        raise UsageError(
            "the key opens every secret of the store, and is not shown on a terminal",
            "use -o FILE, or a pipe",
        )
    backend = backend_of(session, options)
    if recipients.is_for_age(backend):
        key = recipients.export_key(backend)
    else:
        key = keeping.export_key(backend)
    content = key.reveal() + "\n"
    if options.output is None:
        sys.stdout.write(content)
        return ExitCode.OK
    file = session.folder / options.output
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(
            f"{options.output} cannot be made: {error.strerror}", "name a new file"
        ) from None
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(content)
    except OSError as error:
        file.unlink()
        raise UsageError(
            f"{options.output} cannot be written: {error.strerror}", f"df {file.parent}"
        ) from None
    session.say(f"the key is in {printable(options.output)}: hand it on, then remove it")
    return ExitCode.OK


def import_key(given: Globals, options: ImportKeyOptions) -> int:
    """Takes a key."""
    from envguard.jobs.secrets import keeping, recipients

    session = start(given)
    backend = backend_of(session, options)
    if options.file:
        name = one(options.file, "envguard secrets key import FILE")
        found = passphrase_in(session, name)
    elif sys.stdin.isatty():
        found = Secret(getpass.getpass("key: "))
    else:
        found = Secret(sys.stdin.read())
    if recipients.is_for_age(backend):
        say_made(session, recipients.import_key(backend, found or Secret("")), backend.url)
    else:
        say_where(session, keeping.import_key(backend, found or Secret("")))
    return ExitCode.OK


def passphrase_for(session: Session, home: str, file: str | None) -> Secret | None:
    """The passphrase for a key in `home`, from a file or asked for; None for another home."""
    if home != "passphrase":
        return None
    found = passphrase_in(session, file)
    return new_passphrase("the store") if found is None else found


def say_where(session: Session, kept: keeping.Kept) -> None:
    """Says where a key is now."""
    where = f"in {kept.file}" if kept.file is not None else f"kept in: {kept.home}"
    session.say(f"the key {kept.id} is {where}")
    if kept.file is not None:
        session.say("keep a copy of it elsewhere, or make backups: envguard secrets backup FILE")
