"""A backend that goes wrong when it is told to: any backend, wrapped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, cast

from envguard.core.backend import Backend
from envguard.core.errors import BackendError


class Kind(Enum):
    """What goes wrong."""

    SLOW = "slow"  # done, but late
    THROTTLED = "throttled"  # refused this once
    CUT_BEFORE = "cut before"  # the connection is lost, and nothing was done
    CUT_AFTER = "cut after"  # the connection is lost after the call took effect
    CUT_HALFWAY = "cut halfway"  # of many values the first half is written; else as CUT_BEFORE
    DENIED = "denied"  # this method is forbidden from now on
    EXPIRED = "expired"  # the token is: nothing works from now on
    FULL = "full"  # from now on nothing can be written


ERRORS = {
    Kind.THROTTLED: ("the backend asks to slow down", "wait a minute, then repeat"),
    Kind.CUT_BEFORE: ("the connection was lost", "check the network"),
    Kind.CUT_AFTER: ("the connection was lost", "check the network"),
    Kind.CUT_HALFWAY: ("the connection was lost", "check the network"),
    Kind.DENIED: ("permission denied", "ask for the right to do this"),
    Kind.EXPIRED: ("the token has expired", "log in again"),
    Kind.FULL: ("there is no space left", "make room"),
}
LASTING = (Kind.DENIED, Kind.EXPIRED, Kind.FULL)
WRITES = ("write", "write_all", "delete", "delete_all")


class Fault(NamedTuple):
    """What goes wrong at which call, counted from 0 over all calls, or over those of `method`."""

    kind: Kind
    at: int
    method: str | None = None


class Faults:
    """What has been called and what goes wrong; wraps any number of backends, as a program opens
    the same one several times. `calls` are the names of the calls so far; `pause` waits for the
    seconds of a slow call."""

    def __init__(
        self, fault: Fault | None = None, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self.fault = fault
        self.pause = pause
        self.calls: list[str] = []
        self.struck = False

    def wrap(self, inner: Backend) -> Backend:
        """The backend with these faults. It has the methods of the inner one and no others, so
        that it is of the same protocols."""
        names = [name for name in dir(inner) if not name.startswith("_")]
        methods = {name: self._method(name) for name in names if callable(getattr(inner, name))}
        plain = {name: _passed_on(name) for name in names if name not in methods}
        made = type(f"Faulty{type(inner).__name__}", (_Wrapped,), {**methods, **plain})
        return cast(Backend, made(inner))

    def _method(self, name: str) -> Callable[..., Any]:
        def call(wrapped: _Wrapped, *arguments: Any, **more: Any) -> Any:
            return self._call(name, getattr(wrapped.inner, name), arguments, more)

        return call

    def _call(
        self, name: str, inner: Callable[..., Any], arguments: tuple[Any, ...], more: dict[str, Any]
    ) -> Any:
        kind = self._kind(name)
        self.calls.append(name)
        if kind is None:
            return inner(*arguments, **more)
        if kind is Kind.SLOW:
            self.pause(30)
            return inner(*arguments, **more)
        if kind is Kind.CUT_AFTER:
            inner(*arguments, **more)
        if kind is Kind.CUT_HALFWAY and arguments and (half := _half(arguments[0])):
            inner(half, *arguments[1:], **more)
        raise BackendError(*ERRORS[kind])

    def _kind(self, name: str) -> Kind | None:
        """What goes wrong with the call that is about to be made."""
        fault = self.fault
        if fault is None:
            return None
        count = len(self.calls) if fault.method is None else self.calls.count(fault.method)
        hits = count == fault.at and fault.method in (None, name)
        if fault.kind is Kind.FULL:
            # Reads still work: it strikes at the first write from there on.
            hits = count >= fault.at and name in WRITES
        if hits and not self.struck:
            self.struck = True
            self._struck_method = name
            return fault.kind
        if not self.struck or fault.kind not in LASTING:
            return None
        if fault.kind is Kind.DENIED:
            return Kind.DENIED if name == self._struck_method else None
        if fault.kind is Kind.FULL:
            return Kind.FULL if name in WRITES else None
        return None if name == "locate" else Kind.EXPIRED


class _Wrapped:
    def __init__(self, inner: Backend) -> None:
        self.inner = inner


def _passed_on(name: str) -> property:
    return property(lambda wrapped: getattr(wrapped.inner, name))


def _half(values: Any) -> Any:
    """The first half of what is written or read at once; nothing where it is one."""
    if isinstance(values, Mapping):
        return dict(list(values.items())[: len(values) // 2])
    if isinstance(values, Sequence) and not isinstance(values, tuple | str):
        return list(values[: len(values) // 2])
    return None
