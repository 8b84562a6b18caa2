"""What a rule says: which text is a candidate, how it is proved, and what to do about it."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


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
