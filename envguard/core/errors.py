"""The errors that a person reads, and the exit code that each one ends the program with."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the program returns to its caller; `run` returns the child's own code instead."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    CONFIG = 3
    BACKEND = 4
    NOT_FOUND = 5
    EXPIRED = 6
    BUG = 70
    NOT_STARTED = 125
    NOT_EXECUTABLE = 126
    NO_COMMAND = 127
    INTERRUPTED = 130


class EnvguardError(Exception):
    """Something a person can act on: `what` happened to which thing, and a `hint` to type.

    Neither text may hold a secret value. Both are lower case without a full stop, because
    they are printed as `envguard: error: WHAT` and `envguard: hint: HINT`.
    """

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class UsageError(EnvguardError):
    """Wrong usage or bad input: exit 2."""


class ConfigError(EnvguardError):
    """Configuration that is missing, wrong or unreadable: exit 3."""

    exit_code = ExitCode.CONFIG


class TrustError(EnvguardError):
    """A tree names secrets that its user has not allowed it to name: exit 3."""

    exit_code = ExitCode.CONFIG


class BackendError(EnvguardError):
    """A backend is unreachable, refuses, or cannot be read: exit 4."""

    exit_code = ExitCode.BACKEND


class NameNotAllowed(EnvguardError):
    """A key cannot be a name in this backend: exit 2."""


class ExpiredError(EnvguardError):
    """A secret is past its date: exit 6."""

    exit_code = ExitCode.EXPIRED


class NotFoundError(EnvguardError):
    """A secret that was asked for is not there: exit 5."""

    exit_code = ExitCode.NOT_FOUND
