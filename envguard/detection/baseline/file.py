"""`.envguard-baseline.json`: how it is written, so that branches merge, and how it is read.

One JSON object. Each entry is a line of its own that ends with a comma, in the order of the
fingerprints; `null` closes the list. So git's union merge (`merge=union` in .gitattributes,
https://git-scm.com/docs/gitattributes) makes of two branches' files one with the lines of both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from envguard.core.dates import parse
from envguard.core.errors import ConfigError
from envguard.detection.baseline.entries import Baseline, Entry, State, joined

FILE_NAME = ".envguard-baseline.json"
MERGE = "merge=union"
"""The attribute of the file by which branches merge."""

_SCHEMA = 1
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_CONFLICT = re.compile(r"^(<<<<<<<|=======|>>>>>>>)", re.MULTILINE)
_TEXTS = ("rule", "path", "reason", "who", "at", "until")


def render(baseline: Baseline) -> str:
    """The text of a baseline, in ASCII: names from a tree are escaped as JSON does."""
    head = json.dumps({"schema": _SCHEMA, "salt": baseline.salt})[:-1]
    lines = [f'{head}, "entries": [']
    lines += [json.dumps(_row(entry)) + "," for entry in joined(baseline.entries.values()).values()]
    return "\n".join([*lines, "null]}"]) + "\n"


def read(text: str, name: str) -> Baseline:
    """The baseline in a text; `name` is its file in errors. Raises ConfigError."""
    if _CONFLICT.search(text):
        raise ConfigError(
            f"{name} holds the marks of a merge conflict",
            "keep the entries of both sides: remove the lines that begin with <<<<<<<, ======="
            " and >>>>>>>",
        )
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ConfigError(f"{name} is no JSON{line}", f"git log -p -- {name}") from None
    if not isinstance(data, dict) or data.get("schema") != _SCHEMA:
        raise ConfigError(
            f"{name} is no baseline that this version reads",
            "envguard baseline import FILE reads those of detect-secrets and gitleaks",
        )
    rows, salt = data.get("entries"), data.get("salt")
    if not isinstance(rows, list) or not isinstance(salt, str):
        raise ConfigError(f"{name} has no salt or no entries", f"git log -p -- {name}")
    return Baseline(salt, joined(_entries(rows, name)))


def _row(entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {"fingerprint": entry.fingerprint, "state": entry.state.value}
    row |= {key: getattr(entry, key) for key in _TEXTS if getattr(entry, key)}
    return row | ({"past": True} if entry.is_past else {})


def _entries(rows: list[Any], name: str) -> Iterator[Entry]:
    for number, row in enumerate(rows, 2):
        if row is None:
            continue
        try:
            yield _entry(row)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ConfigError(
                f"{name}: the entry in line {number} is wrong", f"correct it, or: git log -p {name}"
            ) from None


def _entry(row: Any) -> Entry:
    texts = {key: row.get(key, "") for key in _TEXTS}
    if not all(isinstance(text, str) for text in (row["fingerprint"], *texts.values())):
        raise TypeError
    if not _FINGERPRINT.fullmatch(row["fingerprint"]):
        raise ValueError
    for key in ("at", "until"):
        if texts[key]:
            # strftime writes the year 999 with three digits, and such a text does not sort.
            texts[key] = parse(texts[key]).replace(tzinfo=None).isoformat() + "Z"
    past = row.get("past") is True
    return Entry(row["fingerprint"], State(row["state"]), **texts, is_past=past)
