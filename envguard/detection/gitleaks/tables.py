"""gitleaks' configuration as its TOML says it: rules, allow lists, what it extends.

Names of fields are read in any case, as gitleaks reads them. What is no field of gitleaks is noted.
https://github.com/gitleaks/gitleaks#configuration
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from envguard.core.errors import ConfigError
from envguard.core.text import printable

_TOP = {"title", "description", "extend", "rules", "allowlist", "allowlists", "minversion"}
_EXTEND = {"usedefault", "path", "url", "disabledrules"}
_RULE = {
    *("id", "description", "path", "regex", "secretgroup", "entropy", "keywords", "tags"),
    *("allowlist", "allowlists", "required", "skipreport"),
}
_ALLOWLIST = {
    *("description", "condition", "commits", "paths", "regextarget", "regexes", "stopwords"),
    "targetrules",
}
_NEWEST = (8, 30)
_REQUIRED = {"id", "withinlines", "withincolumns"}

Table = Mapping[str, Any]
"""A TOML table with its keys in lower case."""


class Configuration(NamedTuple):
    """What one file says. `rules` are by id, `everywhere` the allow lists for all rules, `targeted`
    those for some, by rule. `base` is the path that it extends, None without one."""

    rules: dict[str, Table]
    everywhere: list[Table]
    targeted: dict[str, list[Table]]
    use_default: bool
    base: str | None
    disabled: Sequence[str]
    notes: list[str]


def read(tables: Mapping[str, Any], file: Path) -> Configuration:
    """The configuration in a file. Raises ConfigError, which names the rule and the field."""
    reader = _Reader(file)
    top = reader.table(tables, "", _TOP)
    extend = reader.table(top.get("extend", {}), "[extend]", _EXTEND)
    rules: dict[str, Table] = {}
    for number, entry in enumerate(reader.tables(top, "", "rules"), 1):
        rule = reader.rule(entry, number)
        if rule["id"] in rules:
            reader.note(f"rule {rule['id']}: stands there twice; the last one counts")
        rules[rule["id"]] = rule
    found = Configuration(
        rules=rules,
        everywhere=[],
        targeted={},
        use_default=reader.boolean(extend, "[extend]", "usedefault"),
        base=reader.text(extend, "[extend]", "path") or None,
        disabled=reader.texts(extend, "[extend]", "disabledrules"),
        notes=reader.notes,
    )
    if extend.get("url"):
        reader.note("[extend] url: nothing is fetched from there; name a path of a copy")
    if _version(reader.text(top, "", "minversion")) > _NEWEST:
        reader.note("minVersion: newer than what is known here, gitleaks 8.30")
    for allowlist in reader.allowlists(top, ""):
        targets = allowlist["targetrules"]
        for rule in targets:
            found.targeted.setdefault(rule, []).append(allowlist)
        if not targets:
            found.everywhere.append(allowlist)
    return found


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


class _Reader:
    """Takes values out of tables, and names the place of whatever is wrong."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.notes: list[str] = []
        self._has_tags = False

    def note(self, text: str) -> None:
        self.notes.append(printable(f"{self._file}: {text}"))

    def wrong(self, place: str, what: str, hint: str) -> ConfigError:
        return ConfigError(printable(f"{self._file}: {place} {what}".replace(":  ", ": ")), hint)

    def rule(self, entry: Any, number: int) -> Table:
        name = entry.get("id") if isinstance(entry, dict) else None
        place = f"rule {name if isinstance(name, str) else number}"
        table = self.table(entry, place, _RULE)
        if not self.text(table, place, "id").strip():
            raise self.wrong(place, "has no id", 'write id = "..."')
        # gitleaks reads a whole number as one with a fraction, and the other way round.
        entropy, group = table.get("entropy", 0), table.get("secretgroup", 0)
        for field, value in (("entropy", entropy), ("secretGroup", group)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
                raise self.wrong(place, f"has a {field} that is no number", "correct it")
        if table.get("tags") and not self._has_tags:
            self._has_tags = True
            self.note(f"{place}: tags are not shown, here and elsewhere")
        return {
            "id": table["id"],
            "description": self.text(table, place, "description"),
            "regex": self.text(table, place, "regex"),
            "path": self.text(table, place, "path"),
            "entropy": float(entropy),
            "secretgroup": int(group),
            "keywords": [word.lower() for word in self.texts(table, place, "keywords") if word],
            "allowlists": self.allowlists(table, place),
            "required": [
                self.required(entry, place) for entry in self.tables(table, place, "required")
            ],
            "skipreport": self.boolean(table, place, "skipreport"),
        }

    def required(self, entry: Any, place: str) -> Table:
        table = self.table(entry, f"{place} required", _REQUIRED)
        if not self.text(table, f"{place} required", "id"):
            raise self.wrong(place, "requires a rule without an id", 'write id = "..."')
        for field in ("withinlines", "withincolumns"):
            value = table.get(field)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
                raise self.wrong(place, f"has a {field} that is no number", "correct it")
        return table

    def allowlists(self, table: Table, place: str) -> list[Table]:
        """The lists in both spellings; gitleaks refuses the two of them together."""
        found = list(self.tables(table, place, "allowlists"))
        if "allowlist" in table:
            if found:
                raise self.wrong(
                    place, "has both an allowlist and allowlists", "write them all as allowlists"
                )
            # Old files write it as a list of one, too.
            old = table["allowlist"]
            found = old if isinstance(old, list) else [old]
        return [self.allowlist(entry, f"{place} allowlist".strip()) for entry in found]

    def allowlist(self, entry: Any, place: str) -> Table:
        table = self.table(entry, place, _ALLOWLIST)
        lists = {
            field: self.texts(table, place, field)
            for field in ("commits", "paths", "regexes", "stopwords", "targetrules")
        }
        if not any(lists[field] for field in ("commits", "paths", "regexes", "stopwords")):
            raise self.wrong(
                place, "allows nothing", "give it commits, paths, regexes or stopwords"
            )
        condition = self.text(table, place, "condition").upper()
        if condition not in ("", "OR", "||", "AND", "&&"):
            raise self.wrong(place, f"has an unknown condition: {condition}", "use AND or OR")
        target = self.text(table, place, "regextarget") or "secret"
        if target not in ("secret", "match", "line"):
            raise self.wrong(
                place, f"has an unknown regexTarget: {target}", "use secret, match or line"
            )
        return {**lists, "all": condition in ("AND", "&&"), "target": target, "place": place}

    def table(self, value: Any, place: str, known: Iterable[str]) -> Table:
        if not isinstance(value, dict):
            raise self.wrong(place, "is no table", "write it as in gitleaks' README")
        for key in value:
            if key.lower() not in known:
                self.note(f"{place or 'the file'}: {key} is no field of gitleaks and has no effect")
        return {key.lower(): item for key, item in value.items()}

    def tables(self, table: Table, place: str, field: str) -> list[Any]:
        value = table.get(field, [])
        if not isinstance(value, list):
            raise self.wrong(place, f"has {field} that are no tables", f"write [[{field}]]")
        return value

    def text(self, table: Table, place: str, field: str) -> str:
        value = table.get(field, "")
        if not isinstance(value, str):
            raise self.wrong(place, f"has a {field} that is no text", f'write {field} = "..."')
        return value

    def texts(self, table: Table, place: str, field: str) -> list[str]:
        value = table.get(field, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(place, f"has {field} that are no texts", f"write {field} = [...]")
        return value

    def boolean(self, table: Table, place: str, field: str) -> bool:
        value = table.get(field, False)
        if not isinstance(value, bool):
            raise self.wrong(
                place, f"has a {field} that is not true or false", f"write {field} = true"
            )
        return value
