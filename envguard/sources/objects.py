"""The contents of many git objects through one `git cat-file --batch`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice

from envguard.sources.process import Process

_PIECE = 256
"""Object ids that are written at once; what is ahead of the reader stays a few thousand."""

_DEATHS = 1000
"""How many unreadable objects are passed by; git ends at each, and is started again."""


class DamagedError(Exception):
    """More objects than we pass by cannot be read; holds what git said about the last one."""


def contents(
    start: Callable[[Iterable[bytes]], Process], ids: Iterable[str]
) -> Iterator[tuple[str, bytes | None]]:
    """Each of `ids` with its content, in their order; None where it is missing or unreadable.

    `start` runs `cat-file --batch --buffer` with the given input. git ends at an object that is
    damaged, or that a partial clone does not have: that one is None, and another git goes on
    behind it. Raises DamagedError.
    """
    rest = iter(ids)
    first = next(rest, None)
    if first is None:
        return
    source = chain((first,), rest)
    waiting: deque[str] = deque()

    def lines(names: Iterator[str]) -> Iterator[bytes]:
        while piece := list(islice(names, _PIECE)):
            waiting.extend(piece)  # before they are sent: an answer needs its question
            yield "\n".join(piece).encode("ascii") + b"\n"

    for _ in range(_DEATHS):
        again = list(waiting)
        waiting.clear()
        process = start(lines(chain(again, source)))
        finished = False
        try:
            yield from _answers(process, waiting)
            code, complaint = process.finish()
            finished = True
        finally:
            if not finished:
                process.kill()
        if not waiting:
            if code == 0:
                return
            raise DamagedError(complaint)
        yield waiting.popleft(), None
    raise DamagedError(complaint)


def _answers(process: Process, waiting: deque[str]) -> Iterator[tuple[str, bytes | None]]:
    """Answers until the output ends; a name stays in `waiting` until its answer is whole."""
    readline, read = process.output.readline, process.output.read
    while header := readline():
        # "<id> <type> <size>", or "<id> missing" (git-cat-file(1), BATCH OUTPUT)
        name = waiting[0]
        if not header.startswith(name.encode("ascii")):
            raise DamagedError("git answers what was not asked")
        last = header[header.rfind(b" ") + 1 : -1]
        if not last.isdigit():
            waiting.popleft()
            yield name, None
            continue
        size = int(last)
        content = read(size)
        if len(content) < size or read(1) != b"\n":
            # git writes all of a damaged object that is longer than it says: nobody reads on.
            process.output.close()
            return
        waiting.popleft()
        yield name, content
