"""`envguard hook install`, `uninstall` and `status`."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from envguard.cli.declare import Globals, Options, text
from envguard.cli.options import FORMATS, HOOKS
from envguard.cli.session import Session, start
from envguard.core.errors import ExitCode
from envguard.core.text import printable

if TYPE_CHECKING:
    from envguard.jobs.init import Step


class InstallOptions(Options):
    """`envguard hook install`."""

    type: str = text(
        "--type",
        choices=HOOKS,
        default=HOOKS[0],
        help="Which hook, such as --type pre-push; pre-receive in a server's repository.",
    )


class UninstallOptions(Options):
    """`envguard hook uninstall`."""

    type: str | None = text("--type", choices=HOOKS, help="Which hook; else all of ours.")


class StatusOptions(Options):
    """`envguard hook status`."""

    format: str = text("--format", choices=FORMATS, default="text", help="How to print.")


def install(given: Globals, options: InstallOptions) -> int:
    """Installs a hook."""
    from envguard.jobs.init import install_hook

    session = start(given)
    tell(session, install_hook(session.folder, own_program(), options.type))
    return ExitCode.OK


def uninstall(given: Globals, options: UninstallOptions) -> int:
    """Removes them."""
    from envguard.jobs.init import uninstall_hook

    session = start(given)
    tell(session, uninstall_hook(session.folder, options.type))
    return ExitCode.OK


def status(given: Globals, options: StatusOptions) -> int:
    """Shows each hook; 1 where none of them looks for credentials."""
    from envguard.jobs.hook_status import status as look

    session = start(given)
    found = look(session.folder)
    if options.format == "json":
        rows = [{"hook": one.hook, "guards": one.guards, "told": one.told} for one in found]
        print(json.dumps({"schema": 1, "hooks": rows}, indent=2))
    else:
        for one in found:
            print(printable(f"{one.hook:12} {'yes' if one.guards else 'no':4} {one.told}"))
    return ExitCode.OK if any(one.guards for one in found) else ExitCode.FINDINGS


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
