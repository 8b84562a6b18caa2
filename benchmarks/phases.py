"""Where the time of one call of envguard goes: import, load, git, match, and the rest.

    python benchmarks/phases.py scan --staged

Runs the command in this process and prints the milliseconds of each phase on standard error. A
phase inside another counts for the inner one. Imports itself nothing that takes time.
"""

from __future__ import annotations

import builtins
import gc
import sys
import time

# As type checkers know it; `typing` itself is one of the imports that are timed.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any

START = time.perf_counter()

# Module -> what of it is timed, as which phase; `*`: a generator.
WAITING = {
    "envguard.detection.prepare": (("prepare", "load"),),
    "envguard.detection.detector": (("Detector.candidates", "match"),),
    "envguard.sources.git": (
        ("find", "git"),
        ("Git.run_aloud", "git"),
        ("Git.contents", "git*"),
    ),
}


class Clock:
    """Time by phase."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys(("import", "load", "git", "match", "rest"), 0.0)
        self._phases = ["rest"]
        self._last = START

    def enter(self, phase: str) -> None:
        self._count()
        self._phases.append(phase)

    def leave(self) -> None:
        self._count()
        self._phases.pop()

    def _count(self) -> None:
        now = time.perf_counter()
        self.spent[self._phases[-1]] += now - self._last
        self._last = now


CLOCK = Clock()
ORIGINAL = builtins.__import__


def timed(function: Callable[..., Any], phase: str) -> Callable[..., Any]:
    """The function, its time counted as `phase`."""

    def call(*arguments: Any, **options: Any) -> Any:
        CLOCK.enter(phase)
        try:
            return function(*arguments, **options)
        finally:
            CLOCK.leave()

    def generate(*arguments: Any, **options: Any) -> Iterator[Any]:
        source = function(*arguments, **options)
        while True:
            CLOCK.enter(phase[:-1])
            try:
                item = next(source)
            except StopIteration:
                return
            finally:
                CLOCK.leave()
            yield item

    return generate if phase.endswith("*") else call


def importing(name: str, *arguments: Any) -> ModuleType:
    """What an `import` calls: the time counted, and what is timed of a new module wrapped."""
    CLOCK.enter("import")
    try:
        module = ORIGINAL(name, *arguments)
    finally:
        CLOCK.leave()
    for path, phase in WAITING.pop(name, ()):
        *owners, attribute = path.split(".")
        owner: Any = sys.modules[name]
        for step in owners:
            owner = getattr(owner, step)
        setattr(owner, attribute, timed(getattr(owner, attribute), phase))
    return module


def main() -> int:
    builtins.__import__ = importing  # type: ignore[assignment]  # as it is called
    gc.set_threshold(100_000)  # as the program's own entrance does
    from envguard.cli.main import call  # noqa: PLC0415 - this is what is timed

    code = call(sys.argv[1:])
    CLOCK.enter("rest")
    builtins.__import__ = ORIGINAL
    for phase, seconds in CLOCK.spent.items():
        print(f"{phase} {seconds * 1000:.2f}", file=sys.stderr)
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(main())
