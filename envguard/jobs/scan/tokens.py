"""The values of findings, in memory, for as long as their providers are asked about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from envguard.core.errors import UsageError
from envguard.core.finding import Finding
from envguard.core.secret import Secret
from envguard.detection.builtin import RuleFile, built_in
from envguard.detection.detector import Candidate
from envguard.detection.rulebook import collect
from envguard.verification.asked import Token
from envguard.verification.providers import PROVIDERS, Provider, by_rule

_Name = tuple[str, str]
"""Rule and fingerprint of a finding: equal ones are of the same value."""


class Askable(NamedTuple):
    """A rule whose tokens a provider may be asked about: the expression that it must have."""

    pattern: str
    provider: Provider


def askable(named: Sequence[RuleFile]) -> dict[str, Askable]:
    """The rules that may cause a request, by id: built-in ones, and those of the files that the
    caller named (never a tree) which say whom to ask. Raises UsageError, ConfigError."""
    providers = by_rule()
    own = {rule.id: rule for rule in collect(built_in())}
    found = {
        name: Askable(rule.pattern, providers[name])
        for name, rule in own.items()
        if name in providers
    }
    for rule in collect([*built_in(), *named]) if named else ():
        if rule.verify is None or rule.id in own:
            continue
        if rule.verify not in PROVIDERS:
            raise UsageError(
                f"the rule {rule.id} names no provider that can be asked: {rule.verify}",
                f"use one of: {', '.join(PROVIDERS)}",
            )
        found[rule.id] = Askable(rule.pattern, PROVIDERS[rule.verify])
    return found


class Tokens:
    """The tokens of findings; one has several where different parts stand beside it."""

    def __init__(self, rules: Mapping[str, Askable]) -> None:
        self._rules = rules
        self._tokens: dict[_Name, dict[Token, None]] = {}

    def __repr__(self) -> str:
        return f"Tokens({len(self._tokens)})"

    def keep(self, finding: Finding, candidate: Candidate) -> None:
        """Keeps what a finding is about, where a provider may be asked."""
        rule = self._rules.get(candidate.rule.id)
        # A rule of a tree may have the same name, and match anything.
        if rule is None or rule.pattern != candidate.rule.pattern:
            return
        parts = tuple((part.rule.id, part.secret) for part in candidate.parts)
        token = Token(candidate.rule.id, candidate.secret, parts)
        self._tokens.setdefault(_name(finding), {})[token] = None

    @property
    def providers(self) -> dict[str, Provider]:
        """Whom to ask, by the ids of rules."""
        return {rule: askable.provider for rule, askable in self._rules.items()}

    def of(self, finding: Finding) -> tuple[Token, ...]:
        """The tokens of a finding."""
        return tuple(self._tokens.get(_name(finding), ()))

    def take(self) -> list[Any]:
        """All of them, as marshal takes them, for the process that waits; none are left here."""
        rows = [
            (*name, token.secret.reveal(), [(rule, part.reveal()) for rule, part in token.parts])
            for name, tokens in self._tokens.items()
            for token in tokens
        ]
        self._tokens = {}
        return rows

    def add(self, rows: Iterable[Any]) -> None:
        """Adds what `take` gave in another process."""
        for rule, fingerprint, value, parts in rows:
            inner = tuple((name, Secret(part)) for name, part in parts)
            token = Token(rule, Secret(value), inner)
            self._tokens.setdefault((rule, fingerprint), {})[token] = None


def _name(finding: Finding) -> _Name:
    return finding.rule, finding.fingerprint
