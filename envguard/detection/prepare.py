"""A detector that is ready to scan, from the user's cache where it has been built before.

Reading the rules' TOML and compiling them takes half a second, loading the result a few
milliseconds. The name of the cached file is a digest of all that it was made from, so that it is
never stale: the rule files' bytes, our version, the matcher's version and the processor.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from envguard import __version__
from envguard.core.digest import digest
from envguard.core.errors import ConfigError
from envguard.core.rule import Confidence, Rule, Severity
from envguard.detection import cache
from envguard.detection.assignments import ANCHOR
from envguard.detection.automaton import Automaton, platform_key
from envguard.detection.builtin import RuleFile, built_in
from envguard.detection.decoders.kinds import KINDS, VERSION
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
    identity = _key(files)
    file = folder / f"rules-{identity}.bin"
    kept = cache.read(file)
    if kept is not None:
        size = int.from_bytes(kept[:4], "big")
        automaton = Automaton.loaded(kept[4 + size :])
        if automaton is not None:
            known, kinds = _unpacked(kept[4 : 4 + size])
            return Detector(known, automaton, kinds, identity)
    detector, rules, kinds, automaton = _built(files)
    packed = _packed(rules, kinds)
    cache.write(file, len(packed).to_bytes(4, "big") + packed + automaton.serialized())
    return detector


def standard(folder: Path | None) -> Detector:
    """A detector for the built-in rules alone, kept in `folder`."""
    return prepare(built_in(), folder)


def _built(files: Sequence[RuleFile]) -> tuple[Detector, tuple[Rule, ...], bytes, Automaton]:
    # Only where nothing is kept.
    from envguard.detection.decoders.triggers import triggers  # noqa: PLC0415
    from envguard.detection.rulebook import collect  # noqa: PLC0415

    rules = collect(files)
    encoded = triggers(rules)
    kinds = bytes(kind for kind, _ in encoded)
    try:
        automaton = Automaton.compiled([*anchors(rules), *(text for _, text in encoded)])
    except ValueError as error:
        raise ConfigError(
            f"the matcher cannot take the anchor {error}",
            "write it without lookarounds, back references and open ends",
        ) from None
    return Detector(rules, automaton, kinds, _key(files)), rules, kinds, automaton


def _key(files: Sequence[RuleFile]) -> str:
    parts = (__version__, platform_key(), ANCHOR, " ".join(_FIELDS), VERSION)
    contents = (content for _, content in files)
    return digest(*(part.encode() for part in parts), *contents).hex()[:32]


def _packed(rules: Sequence[Rule], kinds: bytes) -> bytes:
    rows = [[getattr(rule, name) for name in _FIELDS] for rule in rules]
    return json.dumps([rows, [kinds.count(kind) for kind in range(KINDS)]]).encode()


def _unpacked(packed: bytes) -> tuple[tuple[Rule, ...], bytes]:
    rows, counts = json.loads(packed)
    rules = tuple(_rule(dict(zip(_FIELDS, row, strict=True))) for row in rows)
    return rules, b"".join(bytes([kind]) * count for kind, count in enumerate(counts))


def _rule(fields: dict[str, Any]) -> Rule:
    levels = {
        "severity": Severity(fields["severity"]),
        "confidence": Confidence(fields["confidence"]),
    }
    return Rule(**(fields | levels), examples=(), non_examples=())
