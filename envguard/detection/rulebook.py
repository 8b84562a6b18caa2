"""The rules: read from the TOML files in `rules/` and from files of the same format.

A file holds `[[rule]]` tables; the README beside the built-in ones tells what each field means.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from envguard.core.errors import ConfigError
from envguard.core.rule import Confidence, Rule, Severity
from envguard.detection.builtin import RuleFile, built_in, builtin_files
from envguard.detection.proofs import PROOFS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_TEXTS = ("id", "title", "severity", "confidence", "pattern", "anchor", "source", "revoke")
_LISTS = ("examples", "non_examples")
_FIELDS = (*_TEXTS, *_LISTS, "proof", "span", "weighed")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MAX_SPAN = 65_536


def load(files: Sequence[Path] | None = None) -> tuple[Rule, ...]:
    """The built-in rules and those of `files`, in this order.

    Raises ConfigError, which names the file and the rule, for a file that cannot be read and for
    a rule that is incomplete, wrong, or has the id of another one.
    """
    return collect([*built_in(), *((file, _read(file)) for file in files or ())])


def collect(files: Sequence[RuleFile]) -> tuple[Rule, ...]:
    """The rules in the contents of files, in this order; raises as `load`."""
    rules: dict[str, Rule] = {}
    builtin = builtin_files()
    for file, data in files:
        # The tests check the expressions of the built-in rules, which takes most of the time.
        for rule in parse(data, file, check=file not in builtin):
            if rule.id in rules:
                raise ConfigError(
                    f"{file}: there are two rules with the id {rule.id}",
                    "give one of them another id",
                )
            rules[rule.id] = rule
    return tuple(rules.values())


def parse(data: bytes, file: Path, *, check: bool = True) -> tuple[Rule, ...]:
    """The rules in the bytes of one file; `file` is its name in errors. Raises ConfigError.

    `check` says whether the expressions are compiled, to find wrong ones.
    """
    try:
        tables = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error
        raise ConfigError(f"{file} is no TOML: {reason}", "correct that line") from None
    unknown = [key for key in tables if key != "rule"]
    entries = tables.get("rule")
    if unknown or not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        what = f"has an unknown key {unknown[0]}" if unknown else "holds no [[rule]]"
        raise ConfigError(f"{file} {what}", "write each rule as a table [[rule]]")
    return tuple(_rule(entry, file, number, check) for number, entry in enumerate(entries, 1))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"the rules in {file} cannot be read: {error.strerror}", "check the path"
        ) from None


def _rule(entry: Mapping[str, Any], file: Path, number: int, check: bool) -> Rule:
    """One table as a Rule; `number` names it in errors where it has no id, counted from 1."""
    name = entry.get("id")
    place = f"{file}: rule {name if isinstance(name, str) else number}"
    for field in entry:
        if field not in _FIELDS:
            raise ConfigError(
                f"{place} has an unknown field {field}", f"known fields: {', '.join(_FIELDS)}"
            )
    for field in _TEXTS:
        if not isinstance(entry.get(field), str) or not (entry[field] or field == "revoke"):
            raise ConfigError(f"{place} needs a text as {field}", f'write {field} = "..."')
    for field in _LISTS:
        value = entry.get(field)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{place} needs a list of texts as {field}", f"write {field} = [...]")
    if not _ID.fullmatch(entry["id"]):
        raise ConfigError(
            f"{place} has an id of other characters than a-z, 0-9 and single hyphens",
            "write it like github-token",
        )
    for field in ("pattern", "anchor") if check else ():
        _check_expression(entry[field], field, place)
    proof = entry.get("proof")
    if proof is not None and proof not in PROOFS:
        raise ConfigError(
            f"{place} names no known proof: {proof}", f"use one of: {', '.join(sorted(PROOFS))}"
        )
    span = entry.get("span", 0)
    if not isinstance(span, int) or isinstance(span, bool) or not 0 <= span <= _MAX_SPAN:
        raise ConfigError(
            f"{place} has a span that is no number of bytes from 0 to {_MAX_SPAN}",
            "write span = 16384",
        )
    weighed = entry.get("weighed", False)
    if not isinstance(weighed, bool):
        raise ConfigError(
            f"{place} has a weighed that is not true or false", "write weighed = true"
        )
    return Rule(
        **{field: entry[field] for field in _TEXTS if field not in ("severity", "confidence")},
        severity=_level(entry, "severity", Severity, place),
        confidence=_level(entry, "confidence", Confidence, place),
        proof=proof,
        span=span,
        weighed=weighed,
        examples=tuple(entry["examples"]),
        non_examples=tuple(entry["non_examples"]),
    )


def _check_expression(expression: str, field: str, place: str) -> None:
    try:
        empty = re.compile(expression.encode("ascii")).search(b"")
    except UnicodeEncodeError:
        raise ConfigError(
            f"{place} has a character in its {field} that is not ASCII", r"write it as \xNN"
        ) from None
    except (re.error, OverflowError, RecursionError) as error:
        raise ConfigError(f"{place} has a wrong {field}: {error}", "correct it") from None
    if empty:
        raise ConfigError(f"{place} has a {field} that matches nothing at all", "make it longer")


def _level(
    entry: Mapping[str, Any], field: str, levels: type[Severity] | type[Confidence], place: str
) -> Any:
    names = [level.name.lower() for level in levels]
    if entry[field] not in names:
        raise ConfigError(
            f"{place} has an unknown {field}: {entry[field]}", f"use one of: {', '.join(names)}"
        )
    return levels[entry[field].upper()]
