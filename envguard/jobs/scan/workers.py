"""Work spread over forked processes: one Python computes on one processor only.

A fork costs a few milliseconds, so small work is better done in place (`workers=1`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator

from envguard.jobs.scan.crew import Answer, Crew

MOST_WORKERS = 8


def usable_processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def how_many(wanted: int | None, tasks: int) -> int:
    """How many workers `spread` starts: those that are wanted, else one for each processor and
    8 at most; never more than there are tasks, and 1 (no fork) where the system cannot fork."""
    if not hasattr(os, "fork"):
        return 1
    return max(1, min(wanted or min(usable_processors(), MOST_WORKERS), tasks))


def spread(
    work: Callable[[int], Answer],
    tasks: int,
    workers: int | None = None,
    tick: Callable[[], None] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Generator[tuple[int, Answer], None, None]:
    """Each task number below `tasks` with `work(number)`, as the answers come.

    Each is answered once, or an error is raised: an EnvguardError of `work` as it is, another
    exception as a WorkerBugError, WorkerLostError where a worker was killed. The workers begin
    with the first answer that is asked for; they are gone when the iterator has ended or is
    closed. With one worker nothing is forked, and the answers come in order.

    `tick` is called now and then while others work: at least five times a second. `meanwhile` is
    called once, when they have begun, or after all the work of a single one.
    """
    count = how_many(workers, tasks)
    if count == 1:
        for number in range(tasks):
            yield number, work(number)
        if meanwhile is not None:
            meanwhile()
        return
    with Crew(work, tasks, count) as crew:
        if meanwhile is not None:
            meanwhile()
        yield from crew.answers(tick)
