"""`envguard export`: the resolved environment for another program."""

from __future__ import annotations

import sys
from pathlib import Path

from envguard.cli import streams
from envguard.cli.declare import Globals, text
from envguard.cli.environment import request_of, tell_other_file
from envguard.cli.options import EnvironmentOptions
from envguard.cli.session import start
from envguard.core.files import write_atomically


class ExportOptions(EnvironmentOptions):
    """`envguard export`."""

    format: str = text(
        "--format",
        "-f",
        choices=("dotenv", "shell", "json", "yaml", "docker", "github", "systemd"),
        default="dotenv",
        help="Whose format, such as --format shell.",
    )
    output: str | None = text(
        "--output", "-o", metavar="FILE", help="Write FILE (0600), such as -o app.env."
    )


def export(given: Globals, options: ExportOptions) -> int:
    """Writes everything or nothing."""
    from envguard.jobs.export import export as job
    from envguard.launch.environment import calling_environment

    session = start(given, calling_environment())
    tell_other_file(options, session)
    request = request_of(options, session)
    exported = job(options.format, request, session.config, session.profile, session.settings)
    # The runner reads commands from both streams: they must not stand among the values.
    if exported.masks:
        streams.say(exported.masks.rstrip("\n"))
    if options.output in (None, "-"):
        sys.stdout.flush()
        sys.stdout.buffer.write(exported.content)
        return 0
    file = session.folder / str(options.output)
    write_atomically(file, _before(file, options.format) + exported.content, mode=0o600)
    return 0


def _before(file: Path, format: str) -> bytes:
    """What stays in the file: $GITHUB_ENV belongs to all commands of a step."""
    if format != "github" or not file.is_file():
        return b""
    content = file.read_bytes()
    return content if not content or content.endswith(b"\n") else content + b"\n"
