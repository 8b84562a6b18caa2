"""The values of many secrets of a service, in one round of calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import NamedTuple, TypeVar

from envguard.backends.service.parallel import each_of
from envguard.backends.service.rest import HopelessError
from envguard.backends.service.vendor import Fetched, Vendor
from envguard.core.errors import BackendError

Wanted = tuple[str, str | None]
"""A path, and a version; None is the one in force."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Gathered(NamedTuple):
    """What is at each place: a value, nothing, or why it cannot be had."""

    found: Mapping[Wanted, Fetched | BackendError | None]
    dates: Mapping[str, str]

    def expires_at(self, wanted: Wanted) -> str | None:
        """The date of a value that is there."""
        one = self.found[wanted]
        return one.expires_at or self.dates.get(wanted[0]) if isinstance(one, Fetched) else None


def gather(vendor: Vendor, wanted: Collection[Wanted]) -> Gathered:
    """Asks for all of them at the same time. Raises BackendError where the service is not there, or
    where it asks for patience for too long: no further call is begun then."""
    if not wanted:
        return Gathered({}, {})
    dates: dict[str, str] = {}

    def ask_dates() -> None:
        dates.update(vendor.expiries())

    calls: dict[Callable[[], Fetched | None], Wanted] = {
        partial(vendor.fetch, *one): one for one in sorted(wanted, key=str)
    }
    outcomes = each_or_stop([ask_dates, *calls], lambda call: call(), workers=vendor.workers)
    failed = outcomes[ask_dates]
    if isinstance(failed, BackendError):
        raise failed
    return Gathered({one: outcomes[call] for call, one in calls.items()}, dates)


def each_or_stop(
    items: Iterable[Item], work: Callable[[Item], Result], *, workers: int
) -> Mapping[Item, Result | BackendError]:
    """As each_of; but a HopelessError begins no further call, and is raised."""

    def or_stop(item: Item) -> Result:
        try:
            return work(item)
        except HopelessError as error:
            stop = _StopError(error)
        raise stop

    try:
        return each_of(items, or_stop, workers=workers)
    except _StopError as error:
        stopped = error.error
    raise stopped


class _StopError(Exception):
    """No further call is worth making."""

    def __init__(self, error: HopelessError) -> None:
        super().__init__()
        self.error = error
