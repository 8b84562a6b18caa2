"""`envguard inject`: a template with its references resolved."""

from __future__ import annotations

import sys
from pathlib import Path

from envguard.cli.declare import Globals, Options, flag, text, words
from envguard.cli.session import start
from envguard.core.errors import UsageError
from envguard.core.files import write_atomically
from envguard.core.text import printable


class InjectOptions(Options):
    """`envguard inject`."""

    template: tuple[str, ...] = words("TEMPLATE", help="The template; - is standard input.")
    output: str | None = text(
        "--output", "-o", metavar="FILE", help="Write FILE (0600), such as -o app.json."
    )
    format: str | None = text(
        "--format",
        "-f",
        choices=("json", "yaml", "toml", "xml", "shell", "plain"),
        help="How values are escaped, such as --format yaml; else by the name of TEMPLATE.",
    )
    trust: bool = flag("--trust", help="Resolve references without asking what is trusted (CI).")


def inject(given: Globals, options: InjectOptions) -> int:
    """Writes everything or nothing."""
    from envguard.jobs.inject import inject as job
    from envguard.launch.environment import calling_environment

    if len(options.template) != 1:
        raise UsageError("one template at a time", "envguard inject TEMPLATE -o FILE")
    session = start(given, calling_environment())
    name = options.template[0]
    if name != "-" and options.output not in (None, "-"):
        _keep_template(session.folder / name, session.folder / str(options.output))
    content = job(
        None if name == "-" else session.folder / name,
        sys.stdin.buffer,
        options.format,
        session.config,
        session.profile,
        session.settings,
        folder=session.folder,
        trusted=options.trust,
    )
    if options.output in (None, "-"):
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    else:
        write_atomically(session.folder / str(options.output), content, mode=0o600)
    return 0


def _keep_template(template: Path, output: Path) -> None:
    """Raises UsageError where the values would take the place of their template."""
    if template.exists() and output.exists() and template.samefile(output):
        name = printable(str(output))
        raise UsageError(f"{name} is the template itself", "name another file: -o FILE")
