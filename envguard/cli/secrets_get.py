"""`envguard secrets get`, which scripts call often: it starts without typer."""

from __future__ import annotations

import sys

from envguard.cli.declare import Globals
from envguard.cli.options import GetOptions
from envguard.cli.secrets_place import backend_of, one
from envguard.cli.session import start
from envguard.core.errors import ExitCode


def get_secret(given: Globals, options: GetOptions) -> int:
    """Prints a secret."""
    from envguard.jobs.secrets import values as job

    session = start(given)
    name = one(options.name, "envguard secrets --help")
    value = job.get(backend_of(session, options, allow_expired=options.allow_expired), name)
    shown = value.reveal() if options.reveal else value.mask()
    if options.format == "json":
        import json

        print(json.dumps({"schema": 1, "name": name, "value": shown}))
    elif options.reveal and not sys.stdout.isatty():
        # Into a pipe exactly the value, so that it can be compared and stored again.
        sys.stdout.buffer.write(shown.encode("utf-8", "surrogateescape"))
    else:
        print(shown)
    return ExitCode.OK
