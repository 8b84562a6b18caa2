"""What the commands under `secrets` share: which place, and how passphrases are asked for."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from envguard.cli.options import PlaceOptions
from envguard.cli.session import Session
from envguard.core.backend import Backend
from envguard.core.errors import UsageError
from envguard.core.secret import Secret

__all__ = ["PlaceOptions", "backend_of", "new_passphrase", "one", "passphrase_in"]


def backend_of(session: Session, options: PlaceOptions, *, allow_expired: bool = False) -> Backend:
    """The backend that the options, or else the profile, name."""
    from envguard.jobs.secrets import place

    where = place.Place(
        store=session.folder / Path(options.store) if options.store else None,
        backend=options.backend,
    )
    settings = session.settings._replace(allow_expired=allow_expired)
    return place.opened(where, session.config, session.profile, settings)


def one(names: tuple[str, ...], example: str) -> str:
    """The one name that is given. Raises UsageError for more or less."""
    if len(names) != 1:
        raise UsageError(f"one name is needed, not {len(names)}", example)
    return names[0]


def passphrase_in(session: Session, file: str | None) -> Secret | None:
    """What a file holds, without its line end; None where none is named."""
    if file is None:
        return None
    try:
        content = (session.folder / file).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", "check the file") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8 text", "write the passphrase into it") from None
    return Secret(content.removesuffix("\n").removesuffix("\r"))


def new_passphrase(what: str) -> Secret:
    """Asks twice on the terminal. Raises UsageError where there is none, or the two differ."""
    if not sys.stdin.isatty():
        raise UsageError(
            f"{what} needs a passphrase, and there is no terminal to ask on",
            "use --passphrase-file FILE",
        )
    first = getpass.getpass(f"new passphrase for {what}: ")
    if not first:
        raise UsageError("an empty passphrase protects nothing", "type a long one")
    if getpass.getpass("again: ") != first:
        raise UsageError("the two passphrases differ", "try again")
    return Secret(first)
