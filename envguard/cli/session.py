"""What every command starts from: the settings, the configuration, and how to talk."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envguard.cli import streams
from envguard.cli.declare import Globals
from envguard.core.config import Config, Profile, Settings, load
from envguard.core.errors import ConfigError
from envguard.core.secret import Secret

if TYPE_CHECKING:
    from envguard.reports.style import Style


class Session(NamedTuple):
    """One call of the program."""

    globals: Globals
    settings: Settings
    folder: Path
    config: Config

    @property
    def profile(self) -> Profile:
        """The profile of this call: `--profile`, ENVGUARD_PROFILE, the default one."""
        return self.config.profile(self.globals.profile or self.settings.profile)

    def style(self) -> Style:
        """Colour on standard output, where it is a terminal (https://no-color.org)."""
        from envguard.reports.style import Style

        wanted = not (self.globals.no_color or self.settings.environ.get("NO_COLOR"))
        return Style(wanted and sys.stdout.isatty() and self.settings.environ.get("TERM") != "dumb")

    def say(self, message: str) -> None:
        """Tells the person something on standard error; not with --quiet."""
        if not self.globals.quiet:
            streams.say(message)


def start(options: Globals, environ: Mapping[str, str] = os.environ) -> Session:
    """The session of this process. Raises ConfigError where the configuration is wrong."""
    try:
        folder = Path.cwd()
    except FileNotFoundError:
        raise ConfigError("the current folder does not exist any more", "cd somewhere") from None
    file = Path(options.config) if options.config else None
    if file is not None and not file.is_file():
        raise ConfigError(f"there is no file {file}", "check --config")
    return Session(
        globals=options,
        settings=Settings.of(environ)._replace(ask=_ask if sys.stdin.isatty() else None),
        folder=folder,
        config=load(folder, folder / file if file else None),
    )


def _ask(what: str) -> Secret:
    import getpass

    return Secret(getpass.getpass(f"{what}: "))


def confirm(question: str, *, yes: bool) -> bool:
    """Asks on the terminal; without one the answer is no."""
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
