"""The value in a match of a rule, and how sure we are that it is a credential."""

from __future__ import annotations

import re

from envguard.core.rule import Confidence, Rule
from envguard.detection import assignments
from envguard.detection.known import is_known_example
from envguard.detection.proofs import PROOFS

Context = tuple[str, str, bool, str]
"""What an assignment says about its value: the name, the operator, whether it is quoted, and what
surrounds it."""

Value = tuple[int, int, Context | None, Confidence]
"""Where a value begins and ends, its context, and how sure we are in the likeliest file."""


def read_value(rule: Rule, match: re.Match[bytes], *, is_assignment: bool) -> Value | None:
    """The credential of a match; None where it is none in any file: by its proof, by its context,
    or as a documented example."""
    context: Context | None = None
    if is_assignment:
        found = assignments.read(match)
        start, end = found.start, found.end
        context = found.context
    else:
        start, end = match.span("secret" if "secret" in match.re.groupindex else 0)
    value = match.string[start:end]
    if not value or (rule.proof is not None and not PROOFS[rule.proof](value)):
        return None
    text = value.decode("utf-8", "surrogateescape")
    best = None if is_known_example(value) else confidence(rule, text, context, "")
    return None if best is None else (start, end, context, best)


def confidence(rule: Rule, value: str, context: Context | None, path: str) -> Confidence | None:
    """How sure we are of a value in the file `path` (empty: in the file where it is likeliest);
    None: it is none there. `context` is given for an assignment."""
    if not rule.weighed:
        return rule.confidence
    # Most texts that are scanned have no candidate, and a start costs 3 ms less without it.
    from envguard.detection.scoring import weigh, weigh_chosen  # noqa: PLC0415

    if context is None:
        return weigh_chosen(value, rule.confidence, path)
    key, operator, quoted, around = context
    return weigh(key, value, quoted=quoted, operator=operator, path=path, around=around)
