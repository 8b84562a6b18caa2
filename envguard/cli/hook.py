"""`envguard hook install` and `uninstall`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from envguard.cli.declare import Globals, Options
from envguard.cli.session import Session, start
from envguard.core.errors import ExitCode

if TYPE_CHECKING:
    from envguard.jobs.init import Step


class HookOptions(Options):
    """`envguard hook install` and `uninstall`."""


def install(given: Globals, _options: HookOptions) -> int:
    """Installs the pre-commit hook."""
    from envguard.jobs.init import install_hook

    session = start(given)
    tell(session, install_hook(session.folder, own_program()))
    return ExitCode.OK


def uninstall(given: Globals, _options: HookOptions) -> int:
    """Removes it."""
    from envguard.jobs.init import uninstall_hook

    session = start(given)
    tell(session, uninstall_hook(session.folder))
    return ExitCode.OK


def tell(session: Session, steps: Iterable[Step]) -> None:
    """Says what was set up, step by step."""
    for step in steps:
        session.say(f"{step.what}: {step.outcome}")


def own_program() -> str:
    """The absolute path of the program that runs now, for a hook to call."""
    called = Path(sys.argv[0])
    beside = Path(sys.executable).parent / "envguard"
    for candidate in (called if called.name == "envguard" else beside, beside):
        if candidate.is_file():
            return str(candidate.absolute())
    return shutil.which("envguard") or "envguard"
