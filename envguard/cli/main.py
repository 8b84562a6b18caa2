"""The entrance: `envguard` on the command line, and the one boundary for errors."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from itertools import takewhile
from types import TracebackType
from typing import Any

from envguard import __version__
from envguard.cli import streams
from envguard.core.errors import EnvguardError, ExitCode, UsageError
from envguard.core.text import printable

_READER_GONE = 128 + 13  # as a program that SIGPIPE ends


def main() -> None:
    """Runs the command of `sys.argv` and exits with its code."""
    # What a start makes is no garbage. To look for some in it, again and again and once more at
    # the exit, took 8 of the 75 ms of a staged scan.
    gc.set_threshold(100_000)
    code = call(sys.argv[1:])
    gc.freeze()
    sys.exit(code)


def call(arguments: Sequence[str]) -> int:
    """Runs a command and returns its exit code; errors are printed, never raised."""
    command = _command(arguments)
    is_run = command == "run"
    streams.prepare()
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        if code == ExitCode.INTERRUPTED and not is_run:
            streams.say("envguard: interrupted")
    except EnvguardError as error:
        code = _told(error, is_run)
    except (KeyboardInterrupt, EOFError):  # EOFError: Ctrl-D at a prompt
        streams.say("envguard: interrupted")
        code = ExitCode.INTERRUPTED
    except streams.ReaderGone:
        code = _READER_GONE
    except OSError as error:
        code = _told(_of_system(error), is_run)
    except Exception as error:  # noqa: BLE001 - the one boundary (STYLE, errors)
        _report_bug(error)
        code = ExitCode.NOT_STARTED if is_run else ExitCode.BUG
    if code != ExitCode.OK and command == "export" and any(a.endswith("shell") for a in arguments):
        # `eval "$(envguard export --format shell)"` notices nothing but a last word that fails.
        streams.write_last("false\n")
    streams.finish()
    return ExitCode.NOT_STARTED if is_run and code == ExitCode.USAGE else code


def _of_system(error: OSError) -> EnvguardError:
    """What the system refused, by its own words and the file's name; neither holds a value."""
    place = f"{error.filename}: " if error.filename else ""
    return UsageError(
        f"{place}{error.strerror or type(error).__name__}",
        "check the disk and the permissions, then repeat it",
    )


def _told(error: EnvguardError, is_run: bool) -> int:
    """Prints an error and returns its exit code."""
    # A wrapped command has its own codes: ours must not look like the child's.
    kept = (ExitCode.NOT_EXECUTABLE, ExitCode.NO_COMMAND)
    wrapped = is_run and error.exit_code not in kept
    kind = f"[{error.exit_code.name.lower()}] " if wrapped else ""
    # What the texts name may come from a tree, and must not steer the terminal.
    streams.say(f"envguard: error: {kind}{printable(error.what)}")
    streams.say(f"envguard: hint: {printable(error.hint)}")
    return ExitCode.NOT_STARTED if wrapped else error.exit_code


def _dispatch(arguments: Sequence[str]) -> int:
    if "--version" in takewhile(lambda argument: argument.startswith("-"), arguments):
        print(f"envguard {__version__}")
        return 0
    from envguard.cli import hot
    from envguard.cli.hot_commands import COMMANDS

    leading = hot.leading_globals(arguments)
    if leading is not None:
        given, rest = leading
        for name, command in COMMANDS.items():
            words = name.split()
            if rest[: len(words)] != words:
                continue
            parsed: tuple[Any, Any] | None = hot.parse(
                command.options, rest[len(words) :], given=given, stop=command.stop
            )
            if parsed is not None:
                return command.handler(*parsed)
    from envguard.cli.app import call_typer

    return call_typer(arguments)


def _command(arguments: Sequence[str]) -> str:
    """The command's name: the first argument that is no global option or its value."""
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        if rest.pop(0) in ("--config", "--profile") and rest:
            rest.pop(0)
    return rest[0] if rest else ""


def _report_bug(error: BaseException) -> None:
    """A traceback without messages, locals and source: any of them could hold a value."""
    streams.say(f"envguard: error: a bug: {type(error).__name__}")
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        streams.say(f"  {code.co_filename}:{trace.tb_lineno} in {code.co_name}")
        trace = trace.tb_next
    streams.say("envguard: hint: please report it with these lines")
