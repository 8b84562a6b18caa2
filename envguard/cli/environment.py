"""What the commands that resolve an environment make of their options."""

from __future__ import annotations

from envguard.cli.options import EnvironmentOptions
from envguard.cli.session import Session
from envguard.core.config import DEFAULT_ENV_FILE
from envguard.core.text import printable
from envguard.jobs.environment.request import Request


def tell_other_file(options: EnvironmentOptions, session: Session) -> None:
    """Says so where this folder has a .env of its own, and the project's is what is read."""
    here = session.folder / DEFAULT_ENV_FILE
    is_chosen = bool(options.env_file or session.globals.config)
    if is_chosen or session.folder == session.config.root or not here.is_file():
        return
    read = [session.config.root / name for name in session.profile.env_files]
    if any(file.exists() and file.samefile(here) for file in read):
        return
    names = ", ".join(printable(str(file)) for file in read)
    session.say(
        f"envguard: note: reading {names}, not {printable(str(here))}"
        f" (to read that one: --env-file {DEFAULT_ENV_FILE})"
    )


def request_of(options: EnvironmentOptions, session: Session, *, clean: bool = False) -> Request:
    """The request that the options say."""
    return Request(
        env_files=tuple(session.folder / name for name in options.env_file),
        only=options.only,
        exclude=options.exclude,
        override=not options.no_override,
        clean=clean,
        trusted=options.trust,
        dialect=options.dialect or session.profile.dialect,
        allow_expired=options.allow_expired,
    )
