"""Finding the program that a command names, as a shell would."""

# ruff: noqa: PTH110, PTH112, PTH113 - a Path drops the leading ./ of a command
from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from envguard.core.errors import EnvguardError, ExitCode
from envguard.core.text import printable


class CommandNotFoundError(EnvguardError):
    """There is no such program: exit 127, as in a shell."""

    exit_code = ExitCode.NO_COMMAND


class CommandNotExecutableError(EnvguardError):
    """It is there and cannot be started: exit 126, as in a shell."""

    exit_code = ExitCode.NOT_EXECUTABLE


def find(command: str, environ: Mapping[str, str]) -> str:
    """The path of the program that `command` starts, by the PATH of the child's environment.

    A command with a slash is a path already. An empty entry of PATH is the current folder, and
    without PATH the system's default applies (POSIX, XBD 8.3 and the shell's command search,
    https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_09_01_04).
    Raises CommandNotFoundError and CommandNotExecutableError.
    """
    if sys.platform == "win32":
        return _find_on_windows(command, environ)
    if "/" in command:
        if not os.path.exists(command):
            raise _not_found(command, "check the path")
        if not _executable(command):
            raise not_executable(command)
        return command
    refused: str | None = None
    for folder in environ.get("PATH", os.defpath).split(os.pathsep) if command else ():
        path = os.path.join(folder or ".", command)
        if _executable(path):
            return path
        # A file in the way is remembered, a folder of that name is not the command.
        if refused is None and os.path.isfile(path):
            refused = path
    if refused is not None:
        raise not_executable(refused)
    if command and _executable(os.path.join(".", command)):
        raise _not_found(command, f"type ./{printable(command)}")
    raise _not_found(command, "check the name, and the PATH that the command gets")


def not_executable(path: str, why: str = "") -> CommandNotExecutableError:
    """The error for a file that is there; `why` is what the system says of it."""
    shown = printable(path)
    if why or os.access(path, os.X_OK):
        what = why or ("it is a folder" if os.path.isdir(path) else "the system refuses it")
        return CommandNotExecutableError(f"{shown} cannot be started: {what}", "name a program")
    import shlex  # noqa: PLC0415 - only for the error

    return CommandNotExecutableError(
        f"{shown} is not executable", f"type: chmod +x {shlex.quote(shown)}"
    )


def _executable(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _not_found(command: str, hint: str) -> CommandNotFoundError:
    return CommandNotFoundError(f"there is no command '{printable(command)}'", hint)


def _find_on_windows(command: str, environ: Mapping[str, str]) -> str:
    from shutil import which  # noqa: PLC0415 - only Windows needs it

    found = which(command, path=environ.get("PATH") or environ.get("Path"))
    if found is None:
        raise _not_found(command, "check the name, and the PATH that the command gets")
    return found
