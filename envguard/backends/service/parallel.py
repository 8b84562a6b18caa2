"""Many calls to a service at once, within its rate, and again where it asks for patience."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from envguard.core.errors import BackendError

Item = TypeVar("Item")
Result = TypeVar("Result")

CONNECT_SECONDS = 5
"""How long a connection may take."""

ANSWER_SECONDS = 30
"""How long a service may take for one answer."""

DEADLINE_SECONDS = 30
"""How long a call is tried again, in all."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 8.0


def each_of(
    items: Iterable[Item], work: Callable[[Item], Result], *, workers: int
) -> Mapping[Item, Result | BackendError]:
    """What `work` gives for each item, or the BackendError that it raised for it; any other
    exception ends all. At most so many run at once; what runs at Ctrl-C is not waited for."""
    waiting = list(dict.fromkeys(items))[::-1]
    if len(waiting) <= 1:
        return {item: _outcome(work, item) for item in waiting}
    found: dict[Item, Result | BackendError] = {}
    failed: list[BaseException] = []
    lock = threading.Lock()

    def labour() -> None:
        while not failed:
            with lock:
                if not waiting:
                    return
                item = waiting.pop()
            try:
                found[item] = _outcome(work, item)
            except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread
                failed.append(error)

    # Daemons, so that Ctrl-C need not wait for a service that does not answer.
    threads = [
        threading.Thread(target=labour, daemon=True) for _ in range(min(workers, len(waiting)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return found


def _outcome(work: Callable[[Item], Result], item: Item) -> Result | BackendError:
    try:
        return work(item)
    except BackendError as error:
        return error


class Pace:
    """At most so many calls a second, spread evenly; for all threads of a backend."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Returns when the next call may begin."""
        with self._lock:
            now = time.monotonic()
            at = max(self._next, now)
            self._next = at + self._gap
        if at > now:
            time.sleep(at - now)


def patiently(
    call: Callable[[], Result],
    again: Callable[[Result], float | None],
    *,
    seconds: float = DEADLINE_SECONDS,
) -> Result:
    """The answer of `call`, which is tried again while `again` says so of it: None when it will do,
    else the seconds that the service asks for (0 where it names none: then the pauses double, with
    jitter). After the deadline, the last answer."""
    import random  # noqa: PLC0415 - only where a service asks for patience

    end = time.monotonic() + seconds
    pause = _FIRST_PAUSE
    while True:
        answer = call()
        asked = again(answer)
        if asked is None:
            return answer
        wait = asked or random.uniform(pause / 2, pause)  # noqa: S311 - jitter is no secret
        if time.monotonic() + wait > end:
            return answer
        time.sleep(wait)
        pause = min(pause * 2, _LONGEST_PAUSE)
