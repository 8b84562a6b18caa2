"""From gitleaks' configuration to rules of the scan, with what they decide with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from envguard.core.errors import ConfigError
from envguard.core.rule import Confidence, Rule, Severity
from envguard.core.text import printable
from envguard.detection.derived import Anchor, derive
from envguard.detection.foreign import GITLEAKS, OURS, Spec
from envguard.detection.gitleaks.syntax import FLAGS, to_python
from envguard.detection.gitleaks.tables import Configuration, Table

_WEAK = 2  # bytes of a literal: with fewer the keywords are what is looked for
_LONG_KEYWORD = 4  # bytes: a shorter one is everywhere


class Read(NamedTuple):
    """What a configuration gives. Each rule has the number of its spec; `named` look at the names
    of files only. `ours` is the spec for our own rules, where its allow lists hold for these, and
    `ours_by_id` for one of them. `commits` are those that are allowed, for each rule."""

    rules: list[tuple[Rule, Spec, Sequence[str]]]
    named: list[tuple[Rule, Spec]]
    ours: Spec | None
    ours_by_id: dict[str, Spec]
    disabled: frozenset[str]
    commits: dict[str, list[str]]
    notes: list[str]


def to_rules(
    configuration: Configuration, file: Path, ours: frozenset[str], shared: list[Any]
) -> Read:
    """The rules of a configuration; `ours` are the ids of our own, for which those of gitleaks'
    default configuration stand. Allow lists are added to `shared`. Raises ConfigError."""
    return _Builder(configuration, file, ours, shared).read()


class _Builder:
    def __init__(
        self, configuration: Configuration, file: Path, ours: frozenset[str], shared: list[Any]
    ) -> None:
        self._configuration = configuration
        self._file = file
        self._ours = ours
        self._shared = shared
        self._lists: dict[int, int | None] = {}
        self._notes = list(configuration.notes)
        self._commits: dict[str, list[str]] = {}

    def read(self) -> Read:
        configuration = self._configuration
        rules: list[tuple[Rule, Spec, Sequence[str]]] = []
        named: list[tuple[Rule, Spec]] = []
        by_id: dict[str, Spec] = {}
        everywhere = self._allowed(configuration.everywhere)
        for name, table in configuration.rules.items():
            if table["regex"] or table["path"]:
                if not table["skipreport"]:
                    self._add(table, rules, named)
            elif name in self._ours and configuration.use_default:
                by_id[name] = self._for_ours([*everywhere, *self._allowed(self._lists_of(table))])
            elif configuration.use_default:
                self._note(
                    f"rule {name}: changes a rule of gitleaks' default configuration, {_ABSENT}"
                )
            else:
                raise self._wrong(name, "has neither a regex nor a path", "give it one")
        for name in configuration.targeted:
            if name not in configuration.rules:
                self._note(f"targetRules: there is no rule {name}")
        holds_for_ours = configuration.use_default or not configuration.rules
        self._tell_default(holds_for_ours)
        return Read(
            rules=rules,
            named=named,
            ours=self._for_ours(everywhere) if everywhere and holds_for_ours else None,
            ours_by_id=by_id,
            disabled=frozenset(configuration.disabled) & self._ours
            if configuration.use_default
            else frozenset(),
            commits=self._commits,
            notes=[printable(note) for note in self._notes],
        )

    def _tell_default(self, holds_for_ours: bool) -> None:
        configuration = self._configuration
        if configuration.use_default:
            self._note("[extend] useDefault: gitleaks' default rules are not here; ours are used")
            for name in configuration.disabled:
                if name not in self._ours:
                    self._note(f"disabledRules: there is no rule {name} here")
        elif not configuration.rules:
            self._note(
                "it has no rules; gitleaks would find nothing with it, here our rules are used"
            )
        if holds_for_ours and configuration.everywhere:
            self._note("its allow lists hold for our rules too")

    def _add(
        self,
        table: Table,
        rules: list[tuple[Rule, Spec, Sequence[str]]],
        named: list[tuple[Rule, Spec]],
    ) -> None:
        spec = self._spec(table)
        spec["required"] = [self._part(table["id"], part) for part in table["required"]]
        self._allow_commits(table)
        if not table["regex"]:
            named.append((self._rule(table, spec["path"], ""), spec))
            return
        anchor = self._anchor(table, spec)
        if anchor is not None:
            rule = self._rule(table, spec["pattern"], anchor.expressions[0])
            rules.append((rule, spec, anchor.expressions[1:]))

    def _rule(self, table: Table, pattern: str, anchor: str) -> Rule:
        return Rule(
            id=printable(table["id"]),
            title=printable(table["description"] or table["id"]),
            severity=Severity.HIGH,
            confidence=Confidence.MEDIUM,
            pattern=pattern,
            anchor=anchor,
            source=str(self._file),
            revoke="",
            proof=None,
            span=0,
            weighed=False,
            examples=(),
            non_examples=(),
        )

    def _spec(self, table: Table) -> dict[str, Any]:
        """What the rule decides with, but for what it requires and where its anchor is found."""
        name = table["id"]
        pattern = self._python(table["regex"], name, "regex")
        group = table["secretgroup"]
        if pattern and group > re.compile(pattern, FLAGS).groups:
            raise self._wrong(name, f"has no group {group} for its secretGroup", "correct it")
        lists = [*self._lists_of(table), *self._configuration.everywhere]
        return {
            "tool": GITLEAKS,
            "pattern": pattern,
            "path": self._python(table["path"], name, "path"),
            "group": group,
            "entropy": table["entropy"],
            "keywords": table["keywords"],
            "allow": self._allowed(lists),
            **{"before": 0, "after": 0, "far": False, "whole": False},
        }

    def _anchor(self, table: Table, spec: dict[str, Any]) -> Anchor | None:
        """What is looked for; None, noted, where the regex says nothing."""
        keywords = table["keywords"]
        by_keyword = keywords and all(len(word.encode()) >= _LONG_KEYWORD for word in keywords)
        try:
            anchor = derive(spec["pattern"], FLAGS)
        except ValueError as error:
            self._note(f"rule {table['id']}: is left out: {error}")
            return None
        if anchor.strength < _WEAK and by_keyword:
            spec["whole"] = True
            return anchor._replace(expressions=("|".join(map(_folding, keywords)),))
        if anchor.strength < _WEAK:
            self._note(
                f"rule {table['id']}: has no literal and no keyword, and slows the scan down"
            )
        spec.update(before=anchor.before, after=anchor.after, far=anchor.far)
        return anchor

    def _part(self, name: str, part: Table) -> dict[str, Any]:
        table = self._configuration.rules.get(part["id"])
        if table is None or not table["regex"]:
            raise self._wrong(
                name, f"requires {part['id']}, which is no rule with a regex", "correct it"
            )
        spec = self._spec(table)
        lists = [self._shared[number] for number in spec["allow"]]
        return {
            "spec": spec,
            "lists": lists,
            "lines": part.get("withinlines"),
            "columns": part.get("withincolumns"),
        }

    def _lists_of(self, table: Table) -> list[Table]:
        return [*table["allowlists"], *self._configuration.targeted.get(table["id"], ())]

    def _allow_commits(self, table: Table) -> None:
        lists = [*self._lists_of(table), *self._configuration.everywhere]
        found = [commit.strip().lower() for a in lists if not a["all"] for commit in a["commits"]]
        if found:
            self._commits[printable(table["id"])] = found

    def _allowed(self, lists: Sequence[Table]) -> list[int]:
        """The numbers of lists, which are put together once each."""
        numbers: list[int] = []
        for table in lists:
            if id(table) not in self._lists:
                self._lists[id(table)] = self._added(table)
            number = self._lists[id(table)]
            if number is not None:
                numbers.append(number)
        return numbers

    def _added(self, table: Table) -> int | None:
        place = table["place"]
        if table["all"] and table["commits"]:
            self._note(f"{place}: is left out: commits can not be one of several conditions here")
            return None
        data = {
            "all": table["all"],
            "target": table["target"],
            "regexes": self._joined(table["regexes"], place, "regexes"),
            "paths": self._joined(table["paths"], place, "paths"),
            "words": [word.lower() for word in table["stopwords"]],
        }
        if not (data["regexes"] or data["paths"] or data["words"]):
            return None  # commits alone
        self._shared.append(data)
        return len(self._shared) - 1

    def _joined(self, expressions: Sequence[str], place: str, field: str) -> str:
        """Expressions as one. gitleaks joins them before it compiles them, so that a flag in one
        holds for those after it, too."""
        for expression in expressions:
            self._python(expression, place, field)
        return self._python("|".join(expressions), place, field) if expressions else ""

    def _for_ours(self, allow: list[int]) -> Spec:
        return {"tool": OURS, "allow": allow}

    def _python(self, expression: str, name: str, field: str) -> str:
        if not expression:
            return ""
        try:
            return to_python(expression)
        except ValueError as error:
            raise self._wrong(name, f"has a wrong {field}: {error}", "correct it") from None

    def _note(self, text: str) -> None:
        self._notes.append(f"{self._file}: {text}")

    def _wrong(self, name: str, what: str, hint: str) -> ConfigError:
        place = name if name.startswith(("rule ", "allowlist")) else f"rule {name}"
        return ConfigError(printable(f"{self._file}: {place} {what}"), hint)


_ABSENT = "which is not here; give the path of that file in [extend]"


def _folding(word: str) -> str:
    return (
        "(?i:"
        + "".join(
            chr(byte) if chr(byte).isalnum() and byte < 0x80 else f"\\x{byte:02x}"
            for byte in word.encode()
        )
        + ")"
    )
