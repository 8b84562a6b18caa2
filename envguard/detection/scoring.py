"""How likely it is that a value given to a credential's name is a credential.

Pure functions over the name, the value, what surrounds it, and the path. What is certain to be
none (templates, references, code) is dropped; else each feature of `evidence/features.py` has
points, and their sum says how sure we are. The points are in `evidence/weights.json`, learned by
`benchmarks/quality/learn.py`.
"""

from __future__ import annotations

from envguard.core.rule import Confidence
from envguard.detection.entropy import entropy
from envguard.detection.evidence import features, paths
from envguard.detection.evidence.names import is_metadata
from envguard.detection.evidence.standins import is_no_value, password_of
from envguard.detection.evidence.values import looks_random
from envguard.detection.evidence.weights import load
from envguard.detection.surroundings import BASIC

__all__ = [
    "entropy",
    "explain_weigh",
    "is_metadata",
    "is_no_value",
    "looks_random",
    "weigh",
    "weigh_chosen",
]

_URL = "url"
"""The operator of a password in an address."""


def weigh(
    key: str, value: str, *, quoted: bool, operator: str, path: str, around: str = ""
) -> Confidence | None:
    """The confidence that `value`, given to `key` in the file `path`, is a credential; None
    where it is certainly none. An empty path is the one in which it is likeliest. `around` is
    what `surroundings.around` says of the rest of the line."""
    if is_no_value(value) or (BASIC in around and not password_of(value)):
        return None
    weights = load()
    return weights.level(
        weights.points(features.describe(key, value, operator, quoted, around), path)
    )


def weigh_chosen(value: str, confidence: Confidence, path: str) -> Confidence | None:
    """What is left of a rule's confidence for a value that people may have chosen, such as the
    password in a URL; None for what stands in the place of a value. An empty path is the one in
    which it is likeliest."""
    if is_no_value(value):
        return None
    if looks_random(value):
        return confidence
    level = weigh("password", value, quoted=False, operator=_URL, path=path)
    return min(level or Confidence.LOW, confidence)


def explain_weigh(
    key: str, value: str, *, quoted: bool, operator: str, path: str, around: str = ""
) -> list[tuple[str, float]]:
    """What `weigh` adds up, the weightiest first: each feature in words, and its points; also the
    points that every candidate begins with. Empty for what is certain to be none."""
    if is_no_value(value) or (BASIC in around and not password_of(value)):
        return []
    weights = load()
    found = features.describe(key, value, operator, quoted, around)
    found |= {"file": paths.kind(path), "purpose": paths.purpose(path)}
    reasons = [("every candidate", weights.start), *weights.reasons(found)]
    return sorted(reasons, key=lambda reason: -abs(reason[1]))
