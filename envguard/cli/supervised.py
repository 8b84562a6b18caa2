"""`envguard run --redact` and `--watch`: a parent stays beside the child."""

from __future__ import annotations

from typing import Any, NoReturn

from envguard.cli import streams
from envguard.cli.declare import Globals
from envguard.cli.environment import request_of
from envguard.cli.options import RunOptions
from envguard.cli.session import start
from envguard.core.errors import EnvguardError, UsageError
from envguard.core.text import printable
from envguard.jobs.run import run as job
from envguard.launch.environment import calling_environment
from envguard.launch.program import Program
from envguard.launch.supervisor import supervise
from envguard.launch.watch import Settings, Watch


def supervised(given: Globals, options: RunOptions) -> NoReturn:
    """Runs the command and exits with its code, which is not one of ours."""
    environ = calling_environment()
    kept: dict[str, Any] = {}  # a service is logged in to once, however often it is read

    def read() -> Program:
        session = start(given, environ)
        request = request_of(options, session, clean=options.clean)
        settings = session.settings._replace(kept=kept)
        launch = job(options.command, request, session.config, session.profile, settings)
        if launch.untold:
            session.say(f"the trail has no line of this run: {printable(launch.untold)}")
        return Program(launch.command, launch.environ, launch.secret, launch.files)

    def tell(message: str) -> None:
        if not given.quiet:
            streams.say(f"envguard: {message}")

    def complain(error: EnvguardError) -> None:
        streams.say(f"envguard: error: {printable(error.what)}")
        streams.say(f"envguard: hint: {printable(error.hint)}")

    watch = None
    if options.watch:
        interval = _seconds("--watch-interval", options.watch_interval)
        grace = _seconds("--watch-grace", options.watch_grace)
        watch = Watch(read, Settings(interval, grace, options.health or ""))
    elif options.health:
        raise UsageError("--health needs --watch", "add --watch")
    raise SystemExit(
        supervise(read(), redact=options.redact, watch=watch, tell=tell, complain=complain)
    )


def _seconds(option: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        raise UsageError(f"{option} {printable(text)} is no number of seconds", f"{option} 10")
    return number
