"""A detector that is ready to scan, from the user's cache where it has been built before.

Reading the rules' TOML and compiling them takes half a second, loading the result a few
milliseconds. The name of the cached file is a digest of all that it was made from, so that it is
never stale: the rule files' bytes, our version, the matcher's version and the processor.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envguard import __version__
from envguard.core.digest import digest
from envguard.core.errors import ConfigError
from envguard.core.rule import Checks, Confidence, Requirement, Rule, Severity
from envguard.detection import cache
from envguard.detection.assignments import ANCHOR
from envguard.detection.automaton import Automaton, platform_key, takes
from envguard.detection.builtin import RuleFile, built_in, builtin_files
from envguard.detection.decoders.kinds import KINDS, VERSION
from envguard.detection.detector import Detector, anchors

if TYPE_CHECKING:
    from envguard.detection.book import Book
    from envguard.detection.foreign import Beside

# The fields of a rule that a scan needs, in the order of the cached rows.
_FIELDS = (
    *("id", "title", "severity", "confidence", "pattern", "anchor"),
    *("source", "revoke", "proof", "span", "weighed"),
    *("detail", "requires", "alone", "part", "names"),
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
        packed, table, serialized = _taken_apart(kept)
        automaton = Automaton.loaded(serialized)
        if automaton is not None:
            known, kinds, beside = _unpacked(packed, table)
            return Detector(known, automaton, kinds, identity, beside)
    detector, book, kinds, automaton = _built(files)
    parts = (_packed(book, kinds), book.table.packed)
    heads = (len(part).to_bytes(4, "big") + part for part in parts)
    cache.write(file, b"".join((*heads, automaton.serialized())))
    return detector


def standard(folder: Path | None) -> Detector:
    """A detector for the built-in rules alone, kept in `folder`."""
    return prepare(built_in(), folder)


def _built(files: Sequence[RuleFile]) -> tuple[Detector, Book, bytes, Automaton]:
    # Only where nothing is kept.
    from envguard.detection.book import book  # noqa: PLC0415
    from envguard.detection.decoders.triggers import triggers  # noqa: PLC0415

    found = book(files)
    encoded = triggers(rule for rule in found.rules if not _is_foreign(rule))
    kinds = bytes(kind for kind, _ in encoded)
    try:
        automaton = Automaton.compiled([*anchors(found.rules), *(text for _, text in encoded)])
    except ValueError as error:
        fitting = _fitting(found)
        if fitting is None:
            raise ConfigError(
                f"the matcher cannot take the anchor {error}",
                "write it without lookarounds, back references and open ends",
            ) from None
        found = fitting
        automaton = Automaton.compiled([*anchors(found.rules), *(text for _, text in encoded)])
    beside = found.beside if found.has_others else None
    return Detector(found.rules, automaton, kinds, _key(files), beside), found, kinds, automaton


def _fitting(book: Book) -> Book | None:
    """The book with other derived anchors where the matcher does not take the best ones; None
    where it still would not."""
    rules: list[Rule] = []
    notes: list[str] = []
    for rule in book.rules:
        anchor: str | None = rule.anchor
        if rule.anchor and not takes(rule.anchor):
            anchor = next(filter(takes, book.spare.get(rule.id, ())), None)
            if anchor is None and not _is_foreign(rule):
                return None
        if anchor is None:
            notes.append(f"{rule.source}: rule {rule.id} is left out: the matcher does not take it")
        else:
            rules.append(rule._replace(anchor=anchor))
    beside = book.beside._replace(notes=(*book.beside.notes, *notes))
    return book._replace(rules=tuple(rules), beside=beside)


def _is_foreign(rule: Rule) -> bool:
    return rule.checks is not None and rule.checks.is_foreign


def _key(files: Sequence[RuleFile]) -> str:
    parts = [__version__, platform_key(), ANCHOR, " ".join(_FIELDS), VERSION]
    if any(path not in builtin_files() for path, _ in files):
        from envguard.detection.book import provenance  # noqa: PLC0415 - most scans have no more

        parts += provenance(files)
    contents = (content for _, content in files)
    return digest(*(part.encode() for part in parts), *contents).hex()[:32]


def _packed(book: Book, kinds: bytes) -> bytes:
    beside = book.beside
    data = {
        "rules": [_row(rule) for rule in book.rules],
        "kinds": [kinds.count(kind) for kind in range(KINDS)],
    }
    if book.has_others:
        data |= {
            "checks": [_number(rule.checks) for rule in book.rules],
            "named": [[_row(rule), _number(rule.checks)] for rule in beside.named],
            "generic": _number(beside.generic),
            "commits": dict(beside.commits),
            "notes": beside.notes,
        }
    return json.dumps(data).encode()


def _row(rule: Rule) -> list[Any]:
    return [getattr(rule, name) for name in _FIELDS]


def _number(checks: Checks | None) -> tuple[int, str] | None:
    return checks.key if checks is not None else None


def _taken_apart(kept: bytes) -> tuple[bytes, bytes, bytes]:
    first = 4 + int.from_bytes(kept[:4], "big")
    second = first + 4 + int.from_bytes(kept[first : first + 4], "big")
    return kept[4:first], kept[first + 4 : second], kept[second:]


def _unpacked(packed: bytes, table: bytes) -> tuple[tuple[Rule, ...], bytes, Beside | None]:
    data = json.loads(packed)
    rules = tuple(_rule(dict(zip(_FIELDS, row, strict=True))) for row in data["rules"])
    kinds = b"".join(bytes([kind]) * count for kind, count in enumerate(data["kinds"]))
    if "checks" not in data:
        return rules, kinds, None
    from envguard.detection.foreign import Beside, Table  # noqa: PLC0415 - most scans have none

    known = Table(table)

    def checked(rule: Rule, key: tuple[int, str] | None) -> Rule:
        return rule if key is None else rule._replace(checks=known.checks(*key))

    named = ((_rule(dict(zip(_FIELDS, row, strict=True))), key) for row, key in data["named"])
    return (
        tuple(map(checked, rules, data["checks"])),
        kinds,
        Beside(
            named=tuple(checked(rule, key) for rule, key in named),
            generic=None if data["generic"] is None else known.checks(*data["generic"]),
            commits=data["commits"],
            notes=tuple(data["notes"]),
        ),
    )


def _rule(fields: dict[str, Any]) -> Rule:
    levels = {
        "severity": Severity(fields["severity"]),
        "confidence": Confidence(fields["confidence"]),
        "alone": None if fields["alone"] is None else Confidence(fields["alone"]),
        "requires": tuple(Requirement(tuple(names), *rest) for names, *rest in fields["requires"]),
        "names": tuple(fields["names"]),
    }
    return Rule(**(fields | levels), examples=(), non_examples=())
