"""Starting the child: in place of this process, so that nothing of ours stands in between."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from envguard.core.errors import EnvguardError, ExitCode
from envguard.core.text import printable
from envguard.launch.command import find, not_executable

# Linux: one argument or NAME=value, with its final NUL, fits into 32 pages (MAX_ARG_STRLEN,
# https://github.com/torvalds/linux/blob/master/include/uapi/linux/binfmts.h).
_PAGES_PER_STRING = 32

# Signals that Python sets to be ignored at its start, which a child would inherit
# (https://docs.python.org/3/library/signal.html#general-rules).
_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFZ", "SIGXFSZ")

_SHELL = "/bin/sh"

# Linux: all strings and the pointers to them fit into a quarter of the stack's limit, into 6 MB,
# and 128 KB always fit (bprm_stack_limits in fs/exec.c, and execve(2), "Limits on size of
# arguments and environment").
_ALWAYS_PASSED = 128 * 1024
_MOST_PASSED = 6 * 1024 * 1024
_POINTER = 8


class LaunchError(EnvguardError):
    """The child cannot get this environment or these arguments: exit 125."""

    exit_code = ExitCode.NOT_STARTED


def execute(argv: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Becomes the program `argv[0]`, found by the child's PATH, with exactly `environ`.

    On POSIX by exec: the process id, terminal, umask, folder and open files stay, signals are as
    Python found them. On Windows a child runs, and its exit code becomes ours. Raises
    CommandNotFoundError, CommandNotExecutableError and LaunchError, which name keys, never values.
    """
    path = find(argv[0], environ)
    check(argv, environ)
    flush()
    if sys.platform == "win32":
        _run_child(path, argv, environ)
    restore_signals()
    raise refused(path, argv, environ, replace(path, argv, environ))


def flush() -> None:
    """Writes out what we have said so far, before a child says something."""
    for stream in (sys.stdout, sys.stderr):
        # None where the descriptor was closed; a broken pipe is the child's to notice.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()


def replace(path: str, argv: Sequence[str], environ: Mapping[str, str]) -> OSError:
    """Becomes the program; returns only what the system refused it for."""
    try:
        os.execve(path, list(argv), dict(environ))  # noqa: S606 - what `run` is for
    except OSError as error:
        failure = error
    if failure.errno == errno.ENOEXEC and not _is_binary(path):
        # As execvp and every shell: a script that does not name its interpreter is for sh.
        try:
            os.execve(_SHELL, [_SHELL, path, *argv[1:]], dict(environ))  # noqa: S606 - as above
        except OSError as error:
            failure = error
    return failure


def check(argv: Sequence[str], environ: Mapping[str, str]) -> None:
    """Raises LaunchError where the system could not pass on a name, a value or an argument."""
    limit = _longest_string()
    for key, value in environ.items():
        shown = printable(key)
        if not key or "=" in key or "\0" in key:
            raise LaunchError(
                f"'{shown}' cannot be the name of a variable", "rename it, without = and NUL"
            )
        if "\0" in value:
            raise LaunchError(
                f"the value of {shown} holds a NUL character, which no variable can",
                "keep it in a file and pass the path of the file",
            )
        size = _size(key, f"the name {shown}") + 1 + _size(value, f"the value of {shown}")
        if limit is not None and size >= limit:
            raise LaunchError(
                f"{shown} takes {size:,} bytes, more than the {limit - 1:,} that this system"
                " passes in one variable",
                "keep it in a file and pass the path of the file",
            )
    for number, argument in enumerate(argv):
        if "\0" in argument:
            raise LaunchError(f"argument {number} holds a NUL character", "leave it out")
        size = _size(argument, f"argument {number}")
        if limit is not None and size >= limit:
            raise LaunchError(
                f"argument {number} takes {size:,} bytes, more than the {limit - 1:,} that this"
                " system passes in one argument",
                "keep it in a file and pass the path of the file",
            )
    _check_total(argv, environ)


def _check_total(argv: Sequence[str], environ: Mapping[str, str]) -> None:
    """Raises LaunchError where all together is more than exec passes on; only the kernel knows
    what it adds itself (the interpreter of a script), so it may still refuse."""
    total = _total(argv, environ)
    if total <= _ALWAYS_PASSED or sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - only for large environments

    if sys.platform.startswith("linux"):
        stack = resource.getrlimit(resource.RLIMIT_STACK)[0]
        quarter = _MOST_PASSED if stack == resource.RLIM_INFINITY else stack // 4
        limit = max(min(quarter, _MOST_PASSED), _ALWAYS_PASSED)
        total += _POINTER * (len(argv) + len(environ))
    else:
        limit = os.sysconf("SC_ARG_MAX")
    if total > limit:
        raise _too_large(total, environ, f"the {limit:,} that this system passes on")


def _longest_string() -> int | None:
    """The bytes of one string with its NUL, None where only the sum is limited."""
    if not sys.platform.startswith("linux"):
        return None
    return _PAGES_PER_STRING * os.sysconf("SC_PAGE_SIZE")


def _size(text: str, what: str) -> int:
    if text.isascii():
        return len(text)
    try:
        return len(os.fsencode(text))
    except UnicodeEncodeError:
        raise LaunchError(
            f"{what} has characters that the encoding of this system"
            f" ({sys.getfilesystemencoding()}) does not have",
            "set LC_ALL=C.UTF-8, or PYTHONUTF8=1",
        ) from None


def restore_signals() -> None:
    """Sets the signals as they were before Python changed them."""
    for name in _IGNORED_BY_PYTHON:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    # exec does so by itself, but a Ctrl-C just before it would be noted by Python and lost.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _is_binary(path: str) -> bool:
    """Whether a file is no text, by its first line: a program for another system."""
    try:
        with Path(path).open("rb") as file:
            return b"\0" in file.read(256).partition(b"\n")[0]
    except OSError:
        return False


def refused(
    path: str, argv: Sequence[str], environ: Mapping[str, str], error: OSError
) -> EnvguardError:
    """The error for a program that the system refuses to start."""
    if error.errno == errno.E2BIG:
        return _too_large(_total(argv, environ), environ, "this system passes on")
    if error.errno == errno.ENOENT:
        return not_executable(path, "the interpreter that it names is not there")
    if error.errno == errno.ENOEXEC:
        return not_executable(path, "it is not a program for this system")
    return not_executable(path, (error.strerror or "the system refuses it").lower())


def _total(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """The bytes of all strings, with their NULs."""
    return sum(len(os.fsencode(text)) + 1 for text in argv) + sum(
        len(os.fsencode(key)) + len(os.fsencode(value)) + 2 for key, value in environ.items()
    )


def _too_large(total: int, environ: Mapping[str, str], limit: str) -> LaunchError:
    sizes = {key: len(os.fsencode(key)) + len(os.fsencode(environ[key])) + 2 for key in environ}
    largest = sorted(sizes, key=lambda key: -sizes[key])[:3]
    names = ", ".join(f"{printable(key)} ({sizes[key]:,})" for key in largest)
    return LaunchError(
        f"environment and arguments take {total:,} bytes, more than {limit};"
        f" the largest variables are {names}",
        "keep them in files and pass the paths of the files",
    )


def _run_child(path: str, argv: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Windows has no exec: waits for a child, which gets Ctrl-C itself."""
    import subprocess  # noqa: PLC0415 - only Windows needs it

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with subprocess.Popen([path, *argv[1:]], env=dict(environ)) as child:
        raise SystemExit(child.wait())
