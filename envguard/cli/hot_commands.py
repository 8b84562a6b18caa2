"""The commands that start without typer, and where they lead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from envguard.cli.declare import Globals, Options
from envguard.cli.options import GetOptions, HookRunOptions, RunOptions, ScanOptions


class HotCommand(NamedTuple):
    """A command: its options, its handler, and whether the first word ends the options."""

    options: type[Options]
    handler: Callable[[Globals, Any], int]
    stop: bool = False


def _scan(given: Globals, options: ScanOptions) -> int:
    from envguard.cli.scan import scan

    return scan(given, options)


def _run(given: Globals, options: RunOptions) -> int:
    from envguard.cli.run import run

    return run(given, options)


def _get(given: Globals, options: GetOptions) -> int:
    from envguard.cli.secrets_get import get_secret

    return get_secret(given, options)


def _hook_run(given: Globals, options: HookRunOptions) -> int:
    from envguard.cli.hook_run import hook_run

    return hook_run(given, options)


COMMANDS: Mapping[str, HotCommand] = {
    "run": HotCommand(RunOptions, _run, stop=True),
    "scan": HotCommand(ScanOptions, _scan),
    "hook run": HotCommand(HookRunOptions, _hook_run),
    "secrets get": HotCommand(GetOptions, _get),
}
