"""`envguard run`: the child gets the resolved environment and takes our place."""

from __future__ import annotations

from envguard.cli.declare import Globals
from envguard.cli.options import RunOptions
from envguard.cli.session import start
from envguard.core.errors import UsageError


def run(given: Globals, options: RunOptions) -> int:
    """Starts the command; returns only where that is impossible, by raising."""
    from envguard.jobs.run import Request
    from envguard.jobs.run import run as job
    from envguard.launch.environment import calling_environment
    from envguard.launch.execute import execute

    if not options.command:
        raise UsageError("there is no command to run", "envguard run -- COMMAND")
    session = start(given, calling_environment())
    request = Request(
        command=options.command,
        folder=session.folder,
        env_files=tuple(session.folder / name for name in options.env_file),
        only=options.only,
        exclude=options.exclude,
        override=not options.no_override,
        clean=options.clean,
        trusted=options.trust,
    )
    launch = job(request, session.config, session.profile, session.settings)
    execute(launch.command, launch.environ)
