"""What a rule says: which text is a candidate, how it is proved, and what to do about it."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Severity(IntEnum):
    """How bad it is when the finding is real."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Confidence(IntEnum):
    """How sure we are that the finding is real."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Requirement(NamedTuple):
    """What stands near a credential and belongs to it: the nearest candidate of one of `rules`.

    `within` counts lines up or down (0: the same line), `columns` characters to either side where
    that matters. An optional one only adds to what is told.
    """

    rules: tuple[str, ...]
    within: int
    columns: int | None = None
    optional: bool = False


Place = tuple[int, int, int]
"""Where a value begins and ends in a text, in bytes, and which checks wait for the file's path:
a number that `Checks` understands."""


class Checks(Protocol):
    """What another tool's configuration says about a rule's candidates.

    `is_foreign`: the rule is that tool's own, and only `look` knows what it finds. `key` is the
    number of what they decide with, and the tool: by it they are found again in the cache.
    """

    is_foreign: bool
    key: tuple[int, str]

    def look(self, text: bytes, end: int, done: int) -> tuple[Sequence[Place], int]:
        """What is found around the end of an anchor's match and begins at `done` or later; and
        before which byte nothing else begins."""
        ...

    def weigh(self, text: bytes, start: int, end: int) -> int | None:
        """Of a value that was found: which checks wait for the path. None: it is allowed."""
        ...

    def holds(self, path: str, waits: int) -> bool:
        """Whether a value for which these checks wait is a finding in the file `path`."""
        ...


class Rule(NamedTuple):
    """One kind of credential, as written in `detection/rules/*.toml`.

    `pattern` is a Python regular expression over one line of bytes (over `span` bytes where the
    rule spans lines); its group `secret`, or the whole match, is the value. `anchor` is what the
    matcher looks for: an expression of the Hyperscan subset that matches inside every match of
    `pattern`, contains a literal of three bytes or more, and has one possible end, so that a
    candidate costs one callback. `proof` names an offline check in `detection/proofs.py`;
    `confidence` is what a match without further evidence is worth. `source` is the URL of the
    format's documentation, `revoke` where the holder revokes it (empty where no page can say).
    The value of a `weighed` rule is chosen by people: how it looks, and in which file, counts.
    `advice` says what to do about a leaked one; like the examples it is not loaded for a scan.
    `detail` names what is told about a finding, a function in `detection/details.py`. `verify`
    names the provider that `scan --verify` may ask, in a rule file of the caller's own; for the
    built-in rules that stands in `verification/providers.py`.

    A candidate takes in what the rule `requires`, which is then no finding of its own. Without a
    part that is not optional it is worth `alone` at most; None: it is no candidate then. A rule
    that is a `part` is looked for near what requires it only: it needs no anchor, and finds
    nothing by itself.

    `checks` say more about its candidates where another tool's configuration does.

    A rule with `names` is told by a name beside its value, in the same line: one of these, in small
    letters. It is looked for where the generic finder sees an assignment, and needs no anchor (or
    one for what else its pattern matches).
    """

    id: str
    title: str
    severity: Severity
    confidence: Confidence
    pattern: str
    anchor: str
    source: str
    revoke: str
    proof: str | None
    span: int
    weighed: bool
    examples: tuple[str, ...]
    non_examples: tuple[str, ...]
    advice: str = ""
    detail: str | None = None
    requires: tuple[Requirement, ...] = ()
    alone: Confidence | None = None
    part: bool = False
    verify: str | None = None
    checks: Checks | None = None
    names: tuple[str, ...] = ()
