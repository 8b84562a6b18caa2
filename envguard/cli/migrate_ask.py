"""What `envguard migrate` asks while it makes a plan, and what counts where nobody can answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from envguard.cli.session import confirm
from envguard.core.plan import Action, Step
from envguard.core.text import printable
from envguard.jobs.migrate.request import Answers, Conflict, Equal, under_one_key

if TYPE_CHECKING:
    from envguard.cli.migrate import MigrateOptions


def answers(options: MigrateOptions, is_terminal: bool) -> Answers:
    """The answers that options give; the others are asked for on a terminal, unless --yes."""
    asks = is_terminal and not options.yes
    chosen = options.all or options.only or options.exclude or options.plan
    return Answers(
        conflict=lambda name: _conflict(options, name),
        share=lambda equal: _share(options, equal, asks=asks and not options.plan),
        choose=_Choice() if asks and not chosen else None,
    )


def _conflict(options: MigrateOptions, name: str) -> Conflict:
    if options.on_conflict != "ask":
        return Conflict(options.on_conflict)
    if confirm(f"the backend holds another value for {printable(name)}: overwrite it?", yes=False):
        return Conflict.OVERWRITE
    return Conflict.FAIL


def _share(options: MigrateOptions, equal: Equal, *, asks: bool) -> bool:
    if options.share or options.no_share:
        return options.share
    proposed = under_one_key(equal)
    if not asks:
        return proposed
    keys, places = (", ".join(map(printable, texts)) for texts in (equal.keys, equal.places))
    return _ask(f"{places} hold one value as {keys}: keep it as one secret?", proposed) == "y"


_LEGEND = (
    "y: move it, n: leave it, a: this one and all the rest as proposed;"
    " Enter takes the capital letter"
)


class _Choice:
    """Asks about each key, until the proposals are taken for all the others."""

    def __init__(self) -> None:
        self._proposals = False
        self._explained = False

    def __call__(self, path: str, step: Step) -> bool:
        proposed = step.action is Action.MOVE
        if self._proposals:
            return proposed
        if not self._explained:
            print(_LEGEND, file=sys.stderr)
            self._explained = True
        why = printable(f"{step.kind}: {step.reason}")
        question = f"{printable(path)}: move {printable(step.key)} ({why})?"
        answer = _ask(question, proposed, more="a")
        self._proposals = answer == "a"
        return proposed if self._proposals else answer == "y"


def _ask(question: str, proposed: bool, more: str = "") -> str:
    """`y`, `n`, or one of `more` (a: what is proposed, here and from here on)."""
    choices = "/".join(("Y/n" if proposed else "y/N", *more))
    while True:
        print(f"{question} [{choices}] ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        answer = line.strip().lower()[:1]
        if not answer:
            return "y" if proposed else "n"
        if answer in ("y", "n", *more):
            return answer
