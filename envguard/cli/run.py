"""`envguard run`: the child gets the resolved environment and takes our place."""

from __future__ import annotations

import sys

from envguard.cli.declare import Globals
from envguard.cli.environment import request_of, tell_other_file
from envguard.cli.options import RunOptions
from envguard.cli.session import start
from envguard.core.errors import UsageError
from envguard.core.text import printable


def run(given: Globals, options: RunOptions) -> int:
    """Starts the command; returns only where nothing is to be started. Raises where that is
    impossible."""
    from envguard.jobs.run import run as job
    from envguard.launch.environment import calling_environment
    from envguard.launch.execute import execute

    if not options.command and not options.explain:
        raise UsageError("there is no command to run", "envguard run -- COMMAND")
    session = start(given, calling_environment())
    tell_other_file(options, session)
    request = request_of(options, session, clean=options.clean)
    if options.explain:
        from envguard.cli.explain import show

        return show(request, session, options.format)
    if options.redact or options.watch:
        if sys.platform == "win32":
            raise UsageError(
                "--redact and --watch do not work on Windows", "leave them out, or use WSL"
            )
        from envguard.cli.supervised import supervised

        return supervised(given, options)
    launch = job(options.command, request, session.config, session.profile, session.settings)
    if launch.untold:
        session.say(f"the trail has no line of this run: {printable(launch.untold)}")
    return execute(launch.command, launch.environ)
