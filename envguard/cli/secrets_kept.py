"""`envguard secrets`: the verbs for the embedded store as a whole: its key, its backups."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

import typer

from envguard.cli.declare import Globals, flag, many, text, words
from envguard.cli.secrets_key import HomeOptions, add_key, passphrase_for, say_where
from envguard.cli.secrets_place import (
    PlaceOptions,
    backend_of,
    new_passphrase,
    one,
    passphrase_in,
)
from envguard.cli.secrets_recipients import add_recipients
from envguard.cli.session import Session, confirm, start
from envguard.cli.typed import add
from envguard.core.backend import Backend
from envguard.core.errors import ExitCode, UsageError
from envguard.core.secret import Secret
from envguard.core.text import printable

if TYPE_CHECKING:
    pass

_HOMES = ("file", "keyring", "passphrase")
_FROM_FILE = "Read the passphrase from this file."


class RotateKeyOptions(HomeOptions):
    """`secrets rotate-key`."""

    forget_old: bool = flag(
        "--forget-old", help="Make no new key, but remove the retired ones, after saying what for."
    )
    yes: bool = flag("--yes", "-y", help="Do not ask.")


class BackupOptions(PlaceOptions):
    """`secrets backup`."""

    file: tuple[str, ...] = words("FILE", help="The file to write.")
    passphrase_file: str | None = text("--passphrase-file", metavar="FILE", help=_FROM_FILE)
    recipient: tuple[str, ...] = many(
        "--recipient", metavar="AGE_KEY", help="A public key of age that opens it (repeatable)."
    )


class RestoreOptions(PlaceOptions):
    """`secrets restore`."""

    file: tuple[str, ...] = words("FILE", help="A backup that `secrets backup` made.")
    passphrase_file: str | None = text("--passphrase-file", metavar="FILE", help=_FROM_FILE)
    identity: tuple[str, ...] = many(
        "--identity", metavar="FILE", help="A file with a key of age (repeatable)."
    )
    as_it_is: bool = flag(
        "--as-it-is", help="No backup: take the store as it is, although it was newer before."
    )
    yes: bool = flag("--yes", "-y", help="Do not ask.")


def add_kept(verbs: typer.Typer) -> None:
    """Adds these verbs."""
    add(
        verbs,
        "backup",
        BackupOptions,
        back_up,
        help="Write a copy of the whole store that opens by itself, anywhere.",
        examples=(
            "envguard secrets backup store.backup       # asks for a passphrase",
            "envguard secrets backup store.backup --recipient age1…",
        ),
    )
    add(
        verbs,
        "restore",
        RestoreOptions,
        restore,
        help="Put a backup in the place of the store, also where that is damaged or lost.",
        examples=(
            "envguard secrets restore store.backup",
            "envguard secrets restore store.backup --identity key.txt",
            "envguard secrets restore --as-it-is        # an older file was put back on purpose",
        ),
    )
    add(
        verbs,
        "rotate-key",
        RotateKeyOptions,
        rotate_key,
        help="Give the store a new key, and encrypt everything anew.",
        examples=(
            "envguard secrets rotate-key",
            "envguard secrets rotate-key --home keyring",
            "envguard secrets rotate-key --forget-old",
        ),
    )
    add_key(verbs)
    add_recipients(verbs)


def back_up(given: Globals, options: BackupOptions) -> int:
    """Writes a backup."""
    from envguard.jobs.secrets import keeping

    session = start(given)
    name = one(options.file, "envguard secrets backup FILE")
    backend = backend_of(session, options)
    passphrase = passphrase_in(session, options.passphrase_file)
    if passphrase is None and not options.recipient:
        passphrase = new_passphrase("the backup")
    file = session.folder / name
    count = keeping.save_backup(backend, file, passphrase, options.recipient)
    session.say(f"{count} secrets are in {printable(name)}")
    session.say(f"to read it back: envguard secrets restore {printable(name)}")
    return ExitCode.OK


def restore(given: Globals, options: RestoreOptions) -> int:
    """Puts a backup in the place of the store."""
    from envguard.jobs.secrets import keeping

    session = start(given)
    backend = backend_of(session, options)
    if options.as_it_is:
        _sure("take the store as it is, without what was written since?", yes=options.yes)
        keeping.accept(backend, session.settings)
        session.say("the store is taken as it is")
        return ExitCode.OK
    name = one(options.file, "envguard secrets restore FILE")
    file = session.folder / name
    passphrase, identities = None, _identities(session, options.identity)
    if not keeping.is_for_age(file):
        passphrase = passphrase_in(session, options.passphrase_file)
        if passphrase is None:
            passphrase = _ask(f"the backup {name}")
    _sure("replace all that the store holds by the backup?", yes=options.yes)
    done = keeping.restore_backup(backend, file, passphrase, identities, session.settings)
    session.say(f"{done.secrets} secrets of {done.created} are back")
    if done.aside is not None:
        session.say(f"the store that did not open is kept: {printable(str(done.aside))}")
    return ExitCode.OK


def rotate_key(given: Globals, options: RotateKeyOptions) -> int:
    """Gives the store a new key, or removes the retired ones."""
    from envguard.jobs.secrets import keeping

    session = start(given)
    backend = backend_of(session, options)
    if options.forget_old:
        return _forget_old(session, backend, yes=options.yes)
    passphrase = passphrase_for(
        session, options.home or keeping.home_of(backend), options.passphrase_file
    )
    kept = keeping.rotate_key(backend, options.home, passphrase)
    say_where(session, kept)
    session.say(
        "the old key is kept for what else it opens: envguard secrets rotate-key --forget-old"
    )
    return ExitCode.OK


def _forget_old(session: Session, backend: Backend, *, yes: bool) -> int:
    from envguard.jobs.secrets import keeping

    opened = keeping.opened_by_retired(backend, session.settings)
    if not opened:
        session.say("there are no retired keys")
        return ExitCode.OK
    for key, files in opened.items():
        session.say(f"only {key} opens: {' '.join(files) or 'nothing that is known of here'}")
    if any(opened.values()):
        session.say("without it these migrations cannot be taken back: envguard migrate list")
    session.say("copies of the store from before the new key need theirs, too; backups do not")
    _sure("remove these keys for good?", yes=yes)
    gone = keeping.forget_retired(backend)
    session.say(f"{len(gone)} retired keys are gone")
    return ExitCode.OK


def _ask(what: str) -> Secret:
    if not sys.stdin.isatty():
        raise UsageError(f"{what} opens with a passphrase", "use --passphrase-file FILE")
    return Secret(getpass.getpass(f"passphrase of {what}: "))


def _identities(session: Session, files: tuple[str, ...]) -> list[str]:
    """The keys in files of `age-keygen`: lines that are no comments."""
    found = []
    for name in files:
        content = passphrase_in(session, name)
        lines = content.reveal().splitlines() if content is not None else []
        found += [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return found


def _sure(question: str, *, yes: bool) -> None:
    if not confirm(question, yes=yes):
        raise UsageError("nothing was done", "answer y, or use --yes")
