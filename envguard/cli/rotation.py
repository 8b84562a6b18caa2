"""`envguard rotation status` and `envguard rotate`."""

from __future__ import annotations

import getpass
import json
import sys

import typer

from envguard.cli.declare import Globals, flag, text, words
from envguard.cli.options import FORMATS
from envguard.cli.secrets_place import PlaceOptions, backend_of, one
from envguard.cli.session import Session, start
from envguard.cli.typed import add
from envguard.core.backend import Backend
from envguard.core.errors import ExitCode, UsageError
from envguard.core.secret import Secret
from envguard.core.text import printable


class StatusOptions(PlaceOptions):
    """`rotation status`."""

    format: str = text("--format", choices=FORMATS, default="text", help="How to list.")


class RotateOptions(PlaceOptions):
    """`rotate`."""

    name: tuple[str, ...] = words("NAME", help="The secret's name.")
    generate: bool = flag("--generate", help="Make the new value: a random password.")
    length: str | None = text("--length", metavar="N", help="Its length; 32 unless given.")
    symbols: bool = flag("--symbols", help="With signs, not only letters and digits.")
    done: bool = flag("--done", help="The old value is revoked: write that into the trail.")


def add_rotation(app: typer.Typer) -> None:
    """Adds both commands."""
    rotation = typer.Typer(help="Which secrets need a new value.")
    add(
        rotation,
        "status",
        StatusOptions,
        show_status,
        help="Show what is due; exit 1 where something is late.",
        examples=("envguard rotation status", "envguard rotation status --format json    # in CI"),
    )
    app.add_typer(rotation, name="rotation")
    add(
        app,
        "rotate",
        RotateOptions,
        rotate,
        help="Put a new value in the place of a secret's, and say what is left to do.",
        examples=(
            "envguard rotate DB_PASSWORD --generate",
            "envguard rotate STRIPE_KEY                 # asks for the new one",
            "envguard rotate STRIPE_KEY --done          # when the old one is revoked",
        ),
    )


def show_status(given: Globals, options: StatusOptions) -> int:
    """Lists what is due."""
    from envguard.jobs.rotation import status as job

    session = start(given)
    rows = job.status(backend_of(session, options), session.config.secrets)
    if options.format == "json":
        report = {"schema": 1, "secrets": [row._asdict() for row in rows]}
        print(json.dumps(report, indent=2))
    else:
        width = max((len(printable(row.name)) for row in rows), default=0)
        for row in rows:
            said = f"{printable(row.name):<{width}}  {row.state:<7}  changed {row.changed[:10]}"
            if row.due:
                said += f"  due {row.due[:10]}  ({row.every or 'once'}: {printable(row.why)})"
            print(said)
        late = [row.name for row in rows if row.state in (job.OVERDUE, job.EXPIRED)]
        if late:
            session.say(f"next: envguard rotate {printable(late[0])}")
    return ExitCode.OK if job.is_in_order(rows) else ExitCode.FINDINGS


def rotate(given: Globals, options: RotateOptions) -> int:
    """Rotates a secret, or writes down that it is done."""
    from envguard.jobs.rotation import steps

    session = start(given)
    name = one(options.name, "envguard rotate NAME")
    # An expired value is what a rotation is for.
    backend = backend_of(session, options, allow_expired=True)
    if options.done:
        steps.done(backend, name)
        session.say(f"{printable(name)}: written down as done")
        return ExitCode.OK
    if options.generate and options.length is None:
        said = steps.rotate_there(backend, name)
        if said is not None:
            session.say(f"{printable(name)}: {printable(said)}")
            return ExitCode.OK
    _rotate_here(session, backend, name, _new_value(name, options))
    return ExitCode.OK


def _rotate_here(session: Session, backend: Backend, name: str, value: Secret) -> None:
    from envguard.jobs.rotation import steps

    shown = printable(name)
    found = steps.rotate(backend, name, value, session.config.secrets, session.settings.folders)
    session.say(f"{shown}: version {found.version} is written and read back")
    if found.expires_at:
        session.say(f"it expires on {found.expires_at[:10]}")
    session.say("what is left to do:")
    session.say("  1. restart what uses it: the next `envguard run` has the new value")
    what = f"the old {found.provider.title}" if found.provider.title else "the old value"
    where = f": {found.provider.revoke}" if found.provider.revoke else " where it was made"
    session.say(f"  2. revoke {what}{where}")
    session.say(f"  3. write it down: envguard rotate {shown} --done")
    session.say(f"back, while it still works: envguard secrets rollback {shown}")


def _new_value(name: str, options: RotateOptions) -> Secret:
    if options.generate:
        from envguard.jobs.rotation.passwords import LENGTH, generate

        if options.length is not None and not options.length.isdigit():
            raise UsageError(f"{options.length!a} is no length", "--length 32")
        return generate(int(options.length or LENGTH), symbols=options.symbols)
    if options.length is not None or options.symbols:
        raise UsageError("only a generated value has a length and symbols", "add --generate")
    if sys.stdin.isatty():
        content = getpass.getpass(f"new value of {printable(name)}: ")
    else:
        content = _piped()
    if not content:
        raise UsageError("there is no new value", "give one on standard input, or use --generate")
    return Secret(content)


def _piped() -> str:
    try:
        content = sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError("the new value is not UTF-8 text", "encode it: base64 FILE | …") from None
    return content.removesuffix("\n")
