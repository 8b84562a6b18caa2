"""How what a worker raises is carried to the process that waits for it, without values."""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from typing import Any

from envguard.core.errors import EnvguardError

DONE, REFUSED, FAILED = range(3)
"""How work went: as it should, with an EnvguardError, with any other exception."""


class WorkerLostError(EnvguardError):
    """A worker ended before its work: exit 2, because something was not looked at."""


class WorkerBugError(Exception):
    """The base of what stands for an unknown exception in a worker. The class that is raised
    carries the name of the exception's class; its message is gone, as it could hold a value."""


def told(error: BaseException) -> tuple[int, bytes]:
    """How work went that raised `error`, and what to tell of it."""
    if isinstance(error, EnvguardError):
        names = [kind.__qualname__ for kind in type(error).__mro__]
        return REFUSED, marshal.dumps((names, error.what, error.hint))
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else ""
    return FAILED, marshal.dumps((type(error).__name__, place))


def error_of(outcome: int, content: Any) -> Exception:
    """The exception for what a worker told."""
    if outcome == REFUSED:
        names, what, hint = content
        known = {kind.__qualname__: kind for kind in _kinds(EnvguardError)}
        # A class that only the worker has imported is unknown here; its base says as much.
        return next(known[name] for name in names if name in known)(what, hint)
    name, place = content
    if name == MemoryError.__name__:
        return lost("ran out of memory")
    # The entrance shows nothing of a bug but its class.
    kind: type[Exception] = type(name, (WorkerBugError,), {})
    return kind(f"{name} in a worker, at {place}")


def lost(how: str) -> WorkerLostError:
    """The error for a worker that `how`."""
    return WorkerLostError(
        f"a worker of the scan {how}",
        "repeat it, with less memory in use: --workers 1",
    )


def _kinds(kind: type[EnvguardError]) -> Iterator[type[EnvguardError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)
