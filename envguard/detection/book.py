"""All rules of a scan: ours, and those of other tools' configurations.

Which tool a file is of shows in its content: `[[rule]]` is ours, `[[rules]]` and `[[allowlists]]`
are gitleaks', a JSON object with `plugins_used` is a baseline of detect-secrets, a file whose name
ends in `.py` holds plugins for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from envguard.core.errors import ConfigError
from envguard.core.rule import Rule
from envguard.core.text import printable
from envguard.detection import rulebook
from envguard.detection.builtin import RuleFile, builtin_files
from envguard.detection.foreign import EMPTY, Beside, Spec, Table
from envguard.detection.plugins.files import is_plugins

# A table of gitleaks' configuration, at the beginning of a line.
_GITLEAKS = re.compile(
    rb"^[ \t]*(?:\[{1,2}[ \t]*(?:rules|allowlists?|extend)[ \t]*[].]|(?:rules|allowlists)[ \t]*=)",
    re.MULTILINE | re.IGNORECASE,
)


class Book(NamedTuple):
    """The rules in order. `spare` are the anchors to fall back on, by rule, where the matcher does
    not take a derived one; `table` holds what rules of other tools decide with."""

    rules: tuple[Rule, ...]
    beside: Beside
    table: Table
    spare: dict[str, Sequence[str]]

    @property
    def has_others(self) -> bool:
        """Whether a configuration of another tool says anything: it may be a note alone."""
        return self.table.has_any or self.beside != Beside()


def book(files: Sequence[RuleFile]) -> Book:
    """The rules in the contents of files. Raises ConfigError, which names the file and the rule."""
    ours = [entry for entry in files if is_ours(entry)]
    others = [entry for entry in files if not is_ours(entry)]
    found = rulebook.collect_ours(ours)
    if not others:
        return Book(found, Beside(), EMPTY, {})
    builtin = builtin_files()
    builtin_rules = rulebook.collect_ours([entry for entry in ours if entry[0] in builtin])
    return _Compiler(found, frozenset(rule.id for rule in builtin_rules)).book(others)


def is_ours(file: RuleFile) -> bool:
    """Whether a file is in our own format, or in none at all."""
    path, content = file
    if path in builtin_files():
        return True
    return not is_plugins(file) and _GITLEAKS.search(content) is None


def provenance(files: Sequence[RuleFile]) -> list[str]:
    """What counts for the rules in files beside their contents: the names of other tools' files,
    which notes tell, and the version of what runs plugins."""
    others = [entry for entry in files if not is_ours(entry)]
    names = [str(path) for path, _ in others]
    if any(map(is_plugins, others)):
        from envguard.detection.plugins.library import version  # noqa: PLC0415 - few scans have any

        names.append(version())
    return names


class _Compiler:
    """Puts the rules of other tools to ours."""

    def __init__(self, ours: tuple[Rule, ...], builtin: frozenset[str]) -> None:
        self._ours = {rule.id: rule for rule in ours}
        self._builtin = builtin
        self._specs: list[Spec] = []
        self._shared: list[Any] = []
        self._theirs: dict[str, tuple[Rule, int]] = {}
        self._named: dict[str, tuple[Rule, int]] = {}
        self._checked: dict[str, int] = {}  # rules of ours with checks
        self._generic: int | None = None
        self._commits: dict[str, Sequence[str]] = {}
        self._notes: list[str] = []
        self._spare: dict[str, Sequence[str]] = {}

    def book(self, files: Sequence[RuleFile]) -> Book:
        gitleaks = [file for file in files if not is_plugins(file)]
        if gitleaks:
            self._gitleaks(gitleaks)
        for file in files:
            if is_plugins(file):
                self._plugins(file)
        table = Table.of(self._specs, self._shared)

        def checked(rule: Rule, number: int) -> Rule:
            return rule._replace(checks=table.checks(number, self._specs[number]["tool"]))

        ours = [
            checked(rule, self._checked[name]) if name in self._checked else rule
            for name, rule in self._ours.items()
        ]
        theirs = [checked(*entry) for entry in self._theirs.values()]
        generic = self._generic
        beside = Beside(
            named=tuple(checked(*entry) for entry in self._named.values()),
            generic=None
            if generic is None
            else table.checks(generic, self._specs[generic]["tool"]),
            commits=self._commits,
            notes=tuple(self._notes),
        )
        return Book((*ours, *theirs), beside, table, self._spare)

    def _gitleaks(self, files: Sequence[RuleFile]) -> None:
        from envguard.detection.gitleaks.extend import base_of, extended  # noqa: PLC0415
        from envguard.detection.gitleaks.rules import to_rules  # noqa: PLC0415
        from envguard.detection.gitleaks.tables import read  # noqa: PLC0415

        configurations = {file: read(rulebook.tables(data, file), file) for file, data in files}
        bases = {base_of(file, data) for file, data in files}
        for file, _ in files:
            if file in bases:
                continue  # comes in through those that extend it
            found = to_rules(extended(file, configurations), file, self._builtin, self._shared)
            self._notes += found.notes
            for name in found.disabled:
                self._ours.pop(name, None)
                self._notes.append(printable(f"{file}: disabledRules: our rule {name} is off"))
            for rule, spec, spare in found.rules:
                added = self._add(rule, spec, self._theirs)
                self._spare[added.id] = spare
            for rule, spec in found.named:
                self._add(rule, spec, self._named)
            if found.ours is not None:
                self._generic = self._number(found.ours)
                self._checked |= dict.fromkeys(self._builtin & self._ours.keys(), self._generic)
            for name, spec in found.ours_by_id.items():
                self._checked[name] = self._number(spec)
            for name, commits in found.commits.items():
                self._commits[name] = commits

    def _plugins(self, file: RuleFile) -> None:
        from envguard.detection.plugins.rules import to_rules  # noqa: PLC0415

        rules, notes = to_rules(file)
        self._notes += notes
        for rule, spec, spare in rules:
            if rule.id in self._theirs:
                self._notes.append(f"{file[0]}: {rule.id} is there already; the first one counts")
                continue
            self._add(rule, spec, self._theirs)
            self._spare[rule.id] = spare

    def _add(self, rule: Rule, spec: Spec, rules: dict[str, tuple[Rule, int]]) -> Rule:
        if rule.id in self._ours:
            rule = rule._replace(id=f"{spec['tool']}/{rule.id}")
        if rule.id in self._theirs or rule.id in self._named:
            raise ConfigError(
                f"{rule.source}: there are two rules with the id {rule.id}",
                "give one of them another id",
            )
        rules[rule.id] = rule, self._number(spec)
        return rule

    def _number(self, spec: Spec) -> int:
        self._specs.append(spec)
        return len(self._specs) - 1


def rules_of(files: Iterable[RuleFile]) -> tuple[Rule, ...]:
    """The rules alone."""
    return book(list(files)).rules
