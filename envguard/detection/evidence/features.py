"""The features of a candidate: what is known about it, each as a name and one of a few texts."""

from __future__ import annotations

from envguard.detection.evidence import names, values
from envguard.detection.evidence.identifiers import opens_nothing
from envguard.detection.evidence.standins import password_of
from envguard.detection.surroundings import BASIC

_MARKS = frozenset("asserted attribute comment doubted joined parameter printed user".split())
PAIRS = (
    ("name", "alphabet"),
    ("name", "length"),
    ("name", "spelling"),
    ("name", "standing"),
    ("name", "name after"),
    ("given", "alphabet"),
    ("given", "spelling"),
    ("given", "name"),
    ("given", "form"),
    ("standing", "spelling"),
    ("name before", "name"),
    ("file", "given"),
    ("file", "spelling"),
    ("file", "name"),
    ("file", "alphabet"),
    ("purpose", "spelling"),
    ("purpose", "standing"),
    ("purpose", "given"),
)
"""Features that are also looked at together. Those of the path are its kind of file and its
purpose (`paths.py`); no pair holds both, so that the likeliest file has the likeliest of each."""


def describe(key: str, value: str, operator: str, quoted: bool, around: str) -> dict[str, str]:
    """What holds in every file."""
    told = names.describe(key)
    if BASIC in around or told["name"] == "authorization":
        value = password_of(value) or value
    _, colon, tail = value.rpartition(":")
    if colon and values.looks_random(tail):
        value = tail  # a key after its own name
    found = {
        "given": f"{operator} quoted" if quoted else f"{operator} bare",
        **told,
        **values.describe(key, value),
    }
    reason = opens_nothing(key, value, told)
    if reason is not None:
        found["opens nothing"] = reason
    for mark in around.split():
        if mark in _MARKS:
            found[f"line {mark}"] = "yes"
        elif mark.startswith("rest:"):
            found["rest"] = mark[5:]
    return found
