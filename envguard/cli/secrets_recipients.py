"""`envguard secrets recipients`: who can open a file for age; and `secrets key` for one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from envguard.cli.declare import Globals, flag, text, words
from envguard.cli.secrets_place import PlaceOptions, backend_of, one
from envguard.cli.session import Session, confirm, start
from envguard.cli.typed import add
from envguard.core.errors import ExitCode, UsageError
from envguard.core.text import printable

if TYPE_CHECKING:
    from envguard.jobs.secrets.recipients import Made


class RecipientsOptions(PlaceOptions):
    """`secrets recipients list`."""

    format: str = text("--format", choices=("text", "json"), default="text", help="How to list.")


class AddRecipientOptions(PlaceOptions):
    """`secrets recipients add`."""

    words: tuple[str, ...] = words("AGE_KEY [LABEL]", help="A public key of age, and whose it is.")


class RemoveRecipientOptions(PlaceOptions):
    """`secrets recipients remove`."""

    name: tuple[str, ...] = words("AGE_KEY", help="The public key, or its label.")
    yes: bool = flag("--yes", "-y", help="Do not ask.")


def add_recipients(verbs: typer.Typer) -> None:
    """Adds these verbs."""
    group = typer.Typer(help="Who can open a file for age (`--backend age:FILE`).")
    add(
        group,
        "list",
        RecipientsOptions,
        show,
        help="List the recipients of the file.",
        examples=("envguard secrets recipients list --backend age:secrets.age",),
    )
    add(
        group,
        "add",
        AddRecipientOptions,
        add_one,
        help="Encrypt every value for one more public key.",
        examples=("envguard secrets recipients add age1… ada --backend age:secrets.age",),
    )
    add(
        group,
        "remove",
        RemoveRecipientOptions,
        remove_one,
        help="Encrypt every value without one of them, and list what to rotate.",
        examples=("envguard secrets recipients remove ada --backend age:secrets.age",),
    )
    verbs.add_typer(group, name="recipients")


def show(given: Globals, options: RecipientsOptions) -> int:
    """Lists the recipients."""
    from envguard.jobs.secrets import recipients as job

    session = start(given)
    found = job.recipients(backend_of(session, options))
    if options.format == "json":
        rows = [row._asdict() for row in found]
        print(json.dumps({"schema": 1, "recipients": rows}, indent=2))
        return ExitCode.OK
    for row in found:
        said = f"{printable(row.key)}  {printable(row.label)}".rstrip()
        said += "  (you)" if row.own else ""
        print(said + ("" if row.accepted else "  NOT ACCEPTED"))
    return ExitCode.OK


def add_one(given: Globals, options: AddRecipientOptions) -> int:
    """Adds a recipient."""
    from envguard.jobs.secrets import recipients as job

    session = start(given)
    if not 1 <= len(options.words) <= 2:
        raise UsageError(
            "a public key is needed, and at most one label",
            "envguard secrets recipients add age1… NAME",
        )
    key, *label = options.words
    count = job.add(backend_of(session, options), key, label[0] if label else "")
    session.say(f"{count} values are encrypted for {printable(key)} as well")
    return ExitCode.OK


def remove_one(given: Globals, options: RemoveRecipientOptions) -> int:
    """Removes a recipient, after asking, and lists what he has read."""
    from envguard.jobs.secrets import recipients as job

    session = start(given)
    named = one(options.name, "envguard secrets recipients remove AGE_KEY")
    backend = backend_of(session, options)
    if not confirm(f"remove {printable(named)}?", yes=options.yes):
        raise UsageError(f"{printable(named)} was not removed", "answer y, or use --yes")
    names = job.remove(backend, named)
    session.say(f"{printable(named)} cannot open what is written from now on")
    if names:
        session.say("what is there was readable, and stays so in git: rotate these values")
    for name in names:
        print(name)
    return ExitCode.OK


def say_made(session: Session, made: Made, url: str) -> None:
    """Says where a private key of age is, and what is still to be done with the public one."""
    session.say(f"your key is in {printable(made.source)}: keep a copy of it elsewhere")
    session.say(f"its public key is {made.recipient}")
    if not made.has_file:
        session.say(
            "somebody who can open the file adds it: envguard secrets recipients add "
            f"{made.recipient} --backend {printable(url)}"
        )
