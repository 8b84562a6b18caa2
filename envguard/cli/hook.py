"""`envguard hook install` and `uninstall`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from envguard.cli.declare import Globals, Options
from envguard.cli.session import start
from envguard.core.errors import ExitCode


class HookOptions(Options):
    """`envguard hook install` and `uninstall`."""


def install(given: Globals, _options: HookOptions) -> int:
    """Installs the pre-commit hook."""
    from envguard.jobs.init import install_hook

    session = start(given)
    for step in install_hook(session.folder, own_program()):
        session.say(f"{step.what}: {step.outcome}")
    return ExitCode.OK


def uninstall(given: Globals, _options: HookOptions) -> int:
    """Removes it."""
    from envguard.jobs.init import uninstall_hook

    session = start(given)
    for step in uninstall_hook(session.folder):
        session.say(f"{step.what}: {step.outcome}")
    return ExitCode.OK


def own_program() -> str:
    """The absolute path of the program that runs now, for a hook to call."""
    called = Path(sys.argv[0])
    beside = Path(sys.executable).parent / "envguard"
    for candidate in (called if called.name == "envguard" else beside, beside):
        if candidate.is_file():
            return str(candidate.absolute())
    return shutil.which("envguard") or "envguard"
