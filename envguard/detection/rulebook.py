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
from envguard.core.rule import Confidence, Requirement, Rule, Severity
from envguard.detection.builtin import RuleFile, built_in, builtin_files
from envguard.detection.details import DETAILS, SHOWN
from envguard.detection.proofs import PROOFS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_TEXTS = ("id", "title", "severity", "confidence", "pattern", "anchor", "source", "revoke")
_LISTS = ("examples", "non_examples")
_COMPOSITE = ("detail", "requires", "alone", "part")
# What a rule that is a part need not say.
_PART = {"severity": "low", "confidence": "low", "anchor": "", "revoke": ""}
_FIELDS = (*_TEXTS, *_LISTS, "proof", "span", "weighed", "names", "advice", "verify", *_COMPOSITE)
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MAX_SPAN = 65_536
_REQUIRED = {"rule", "rules", "within", "columns", "optional"}


def load(files: Sequence[Path] | None = None) -> tuple[Rule, ...]:
    """The built-in rules and those of `files`, in this order.

    Raises ConfigError, which names the file and the rule, for a file that cannot be read and for
    a rule that is incomplete, wrong, or has the id of another one.
    """
    return collect([*built_in(), *((file, _read(file)) for file in files or ())])


def collect(files: Sequence[RuleFile]) -> tuple[Rule, ...]:
    """The rules in the contents of files, in this order; raises as `load`. Those of other tools'
    files come last; what else these say is in `book.py`."""
    from envguard.detection.book import rules_of  # noqa: PLC0415 - which takes the rest from here

    return rules_of(files)


def collect_ours(files: Sequence[RuleFile]) -> tuple[Rule, ...]:
    """The rules in the contents of files in our own format, in this order; raises as `load`."""
    rules: dict[str, Rule] = {}
    places: dict[str, Path] = {}
    builtin = builtin_files()
    for file, data in files:
        # The tests check the expressions of the built-in rules, which takes most of the time.
        for rule in parse(data, file, check=file not in builtin):
            if rule.id in rules:
                raise ConfigError(
                    f"{file}: there are two rules with the id {rule.id}",
                    "give one of them another id",
                )
            rules[rule.id], places[rule.id] = rule, file
    for rule in rules.values():
        for name in [name for requirement in rule.requires for name in requirement.rules]:
            if name not in rules:
                raise ConfigError(
                    f"{places[rule.id]}: rule {rule.id} requires {name}, which is no rule",
                    "correct its requires",
                )
    return tuple(rules.values())


def parse(data: bytes, file: Path, *, check: bool = True) -> tuple[Rule, ...]:
    """The rules in the bytes of one file; `file` is its name in errors. Raises ConfigError.

    `check` says whether the expressions are compiled, to find wrong ones.
    """
    top = tables(data, file)
    unknown = [key for key in top if key != "rule"]
    entries = top.get("rule")
    if unknown or not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        what = f"has an unknown key {unknown[0]}" if unknown else "holds no [[rule]]"
        raise ConfigError(f"{file} {what}", "write each rule as a table [[rule]]")
    return tuple(_rule(entry, file, number, check) for number, entry in enumerate(entries, 1))


def tables(data: bytes, file: Path) -> dict[str, Any]:
    """The TOML tables in the bytes of a file. Raises ConfigError."""
    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error
        raise ConfigError(f"{file} is no TOML: {reason}", "correct that line") from None
    except RecursionError:
        raise ConfigError(f"{file} is nested too deeply", "write it flatter") from None


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
    is_part = _boolean(entry, "part", place)
    names = _names(entry, place)
    entry = {**(_PART if is_part else {"anchor": ""} if names else {}), **entry}
    for field in entry:
        if field not in _FIELDS:
            raise ConfigError(
                f"{place} has an unknown field {field}", f"known fields: {', '.join(_FIELDS)}"
            )
    for field in _TEXTS:
        may_be_empty = field == "revoke" or (field == "anchor" and (is_part or names))
        if not isinstance(entry.get(field), str) or not (entry[field] or may_be_empty):
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
    for field in () if not check else ("pattern", "anchor") if entry["anchor"] else ("pattern",):
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
    detail = entry.get("detail")
    if detail is not None and detail not in DETAILS:
        raise ConfigError(
            f"{place} names no known detail: {detail}", f"use one of: {', '.join(sorted(DETAILS))}"
        )
    if detail == SHOWN and not is_part:
        raise ConfigError(
            f"{place} would show what it finds", f'only a part may have detail = "{SHOWN}"'
        )
    advice = entry.get("advice", "")
    if not isinstance(advice, str):
        raise ConfigError(f"{place} has an advice that is no text", 'write advice = "..."')
    verify = entry.get("verify")
    if verify is not None and not isinstance(verify, str):
        raise ConfigError(f"{place} has a verify that is no text", 'write verify = "github"')
    return Rule(
        **{field: entry[field] for field in _TEXTS if field not in ("severity", "confidence")},
        severity=_level(entry, "severity", Severity, place),
        confidence=_level(entry, "confidence", Confidence, place),
        proof=proof,
        span=span,
        weighed=_boolean(entry, "weighed", place),
        examples=tuple(entry["examples"]),
        non_examples=tuple(entry["non_examples"]),
        advice=advice,
        verify=verify,
        detail=detail,
        requires=_requires(entry, place),
        alone=_alone(entry, place),
        part=is_part,
        names=names,
    )


def _names(entry: Mapping[str, Any], place: str) -> tuple[str, ...]:
    names = entry.get("names", [])
    if not isinstance(names, list) or not all(_is_name(name) for name in names):
        raise ConfigError(
            f"{place} has names that are no texts in small letters", 'write names = ["acme"]'
        )
    if names and entry.get("span", 0):
        raise ConfigError(
            f"{place} has names and a span, but a name tells of its own line", "leave out the span"
        )
    return tuple(names)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and name.isascii() and name == name.lower() != ""


def _boolean(entry: Mapping[str, Any], field: str, place: str) -> bool:
    value = entry.get(field, False)
    if not isinstance(value, bool):
        raise ConfigError(
            f"{place} has a {field} that is not true or false", f"write {field} = true"
        )
    return value


def _requires(entry: Mapping[str, Any], place: str) -> tuple[Requirement, ...]:
    """The list `requires`: tables of `rule` or `rules`, `within`, `columns`, `optional`."""
    tables = entry.get("requires", [])
    wrong = ConfigError(
        f"{place} has a wrong requires", 'write requires = [{ rule = "a-rule", within = 5 }]'
    )
    if not isinstance(tables, list):
        raise wrong
    found: list[Requirement] = []
    for table in tables:
        if not isinstance(table, dict) or table.keys() - _REQUIRED:
            raise wrong
        one, names = table.get("rule"), table.get("rules", [])
        names = [one] if one is not None else names
        within, columns = table.get("within", -1), table.get("columns")
        if (
            not isinstance(names, list)
            or not names
            or not all(isinstance(name, str) for name in names)
            or not _is_count(within)
            or not (columns is None or _is_count(columns))
        ):
            raise wrong
        optional = _boolean(table, "optional", place)
        found.append(Requirement(tuple(names), within, columns, optional))
    return tuple(found)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _alone(entry: Mapping[str, Any], place: str) -> Confidence | None:
    if entry.get("alone", "none") == "none":
        return None
    level: Confidence = _level(entry, "alone", Confidence, place)
    return level


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
