"""A detector that is ready to scan, from the user's cache where it has been built before.

Reading the rules' TOML and compiling them takes half a second, loading the result a few
milliseconds. The name of the cached file is a digest of all that it was made from, so that it is
never stale: the rule files' bytes, our version, the matcher's version and the processor.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from envguard import __version__
from envguard.core.errors import ConfigError
from envguard.core.rule import Confidence, Rule, Severity
from envguard.detection import cache
from envguard.detection.assignments import ANCHOR
from envguard.detection.automaton import Automaton, platform_key
from envguard.detection.builtin import RuleFile, built_in
from envguard.detection.detector import Detector, anchors

# The fields of a rule that a scan needs, in the order of the cached rows.
_FIELDS = (
    *("id", "title", "severity", "confidence", "pattern", "anchor"),
    *("source", "revoke", "proof", "span", "weighed"),
)


def prepare(files: Sequence[RuleFile], folder: Path | None) -> Detector:
    """A detector for the rules in `files`, kept in `folder`; None keeps nothing.

    Raises ConfigError where a rule is wrong.
    """
    if folder is None:
        return _built(files)[0]
    file = folder / f"rules-{_key(files)}.bin"
    kept = cache.read(file)
    if kept is not None:
        size = int.from_bytes(kept[:4], "big")
        automaton = Automaton.loaded(kept[4 + size :])
        if automaton is not None:
            return Detector(_rules(kept[4 : 4 + size]), automaton)
    detector, rules, automaton = _built(files)
    packed = _packed(rules)
    cache.write(file, len(packed).to_bytes(4, "big") + packed + automaton.serialized())
    return detector


def standard(folder: Path | None) -> Detector:
    """A detector for the built-in rules alone, kept in `folder`."""
    return prepare(built_in(), folder)


def _built(files: Sequence[RuleFile]) -> tuple[Detector, Sequence[Rule], Automaton]:
    from envguard.detection.rulebook import collect  # noqa: PLC0415 - only where nothing is kept

    rules = collect(files)
    try:
        automaton = Automaton.compiled(anchors(rules))
    except ValueError as error:
        raise ConfigError(
            f"the matcher cannot take the anchor {error}",
            "write it without lookarounds, back references and open ends",
        ) from None
    return Detector(rules, automaton), rules, automaton


def _key(files: Sequence[RuleFile]) -> str:
    digest = sha256()
    for part in (__version__, platform_key(), ANCHOR, " ".join(_FIELDS)):
        digest.update(len(part).to_bytes(4, "big") + part.encode())
    for _, content in files:
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:32]


def _packed(rules: Sequence[Rule]) -> bytes:
    return json.dumps([[getattr(rule, name) for name in _FIELDS] for rule in rules]).encode()


def _rules(packed: bytes) -> tuple[Rule, ...]:
    return tuple(_rule(dict(zip(_FIELDS, row, strict=True))) for row in json.loads(packed))


def _rule(fields: dict[str, Any]) -> Rule:
    levels = {
        "severity": Severity(fields["severity"]),
        "confidence": Confidence(fields["confidence"]),
    }
    return Rule(**(fields | levels), examples=(), non_examples=())
