"""What the commands that resolve an environment make of their options."""

from __future__ import annotations

from envguard.cli.options import EnvironmentOptions
from envguard.cli.session import Session
from envguard.jobs.environment.request import Request


def request_of(options: EnvironmentOptions, session: Session, *, clean: bool = False) -> Request:
    """The request that the options say."""
    return Request(
        env_files=tuple(session.folder / name for name in options.env_file),
        only=options.only,
        exclude=options.exclude,
        override=not options.no_override,
        clean=clean,
        trusted=options.trust,
        dialect=options.dialect,
    )
