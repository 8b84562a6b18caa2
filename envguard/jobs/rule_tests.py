"""rules test: whether rules find their examples, and nothing in their non-examples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from envguard.core.errors import ConfigError
from envguard.core.rule import Rule
from envguard.detection.assignments import ANCHOR
from envguard.detection.automaton import Automaton
from envguard.detection.book import book
from envguard.detection.builtin import RuleFile, built_in
from envguard.detection.proofs import PROOFS
from envguard.detection.rule_files import read_rules
from envguard.detection.samples.templates import expand

_SEEDS = range(5)
"""Each template is filled so often, with other letters each time."""


class Failure(NamedTuple):
    """An example of a rule that comes out wrong; `template` is its text in the file."""

    rule: str
    template: str
    what: str


class Tested(NamedTuple):
    """How many rules and examples were tried, which rules have none, and what failed."""

    rules: int
    examples: int
    without: tuple[str, ...]
    failures: tuple[Failure, ...]


def run(files: Sequence[Path] = ()) -> Tested:
    """Tries the examples of the rules in `files`, else of the built-in ones, each rule by itself.

    Raises UsageError for a file that cannot be read, ConfigError for a wrong rule.
    """
    rules = _own_rules(read_rules(files)) if files else book(built_in()).rules
    # A rule that is nothing but a part of others has no anchor, and needs none.
    anchored = [rule for rule in rules if rule.examples and (rule.anchor or rule.names)]
    automaton = _compiled(anchored)
    numbers = {rule.id: number for number, rule in enumerate(anchored)}
    failures: list[Failure] = []
    for rule in rules:
        for template in rule.examples:
            tellers = [numbers[rule.id]] if rule.id in numbers else []
            # What its name tells is found where the generic finder, the last one, sees it.
            tellers += [len(anchored)] if rule.names else []
            what = _missed(rule, template, automaton, tellers)
            if what is not None:
                failures.append(Failure(rule.id, template, what))
        for template in rule.non_examples:
            if any(_found(rule, expand(template, seed)) for seed in _SEEDS):
                failures.append(Failure(rule.id, template, "is found, and must not be"))
    return Tested(
        rules=len(rules),
        examples=sum(len(rule.examples) + len(rule.non_examples) for rule in rules),
        without=tuple(rule.id for rule in rules if not rule.examples),
        failures=tuple(failures),
    )


def _own_rules(contents: Sequence[RuleFile]) -> list[Rule]:
    """The rules of these files alone; they may require built-in ones."""
    own = {file.resolve() for file, _ in contents}
    others = [found for found in built_in() if found[0].resolve() not in own]
    before = {rule.id for rule in book(others).rules}
    return [rule for rule in book([*others, *contents]).rules if rule.id not in before]


def _compiled(rules: Sequence[Rule]) -> Automaton | None:
    try:
        return Automaton.compiled([*(rule.anchor for rule in rules), ANCHOR]) if rules else None
    except ValueError as error:
        raise ConfigError(
            f"the matcher cannot take the anchor {error}",
            "write it without lookarounds, back references and open ends",
        ) from None


def _missed(
    rule: Rule, template: str, automaton: Automaton | None, tellers: Sequence[int]
) -> str | None:
    """Why a scan would not find an example; None where it does."""
    for seed in _SEEDS:
        text = expand(template, seed)
        matches = list(_matches(rule, text))
        if not matches:
            return "is not found: its pattern does not match"
        if not any(_is_proved(rule, value) for _, _, value in matches):
            return f"is not found: it fails the proof {rule.proof}"
        if automaton is None or not tellers:
            continue
        ends = [end for found, end in automaton.ends(text) if found in tellers]
        if not any(start < end <= stop for start, stop, _ in matches for end in ends):
            if rule.names:
                return "is not found: the generic finder sees no assignment of it"
            return "is not found: its anchor does not match inside of its pattern"
        is_named = rule.anchor or any(name.encode() in text.lower() for name in rule.names)
        if rule.names and not is_named:
            return "is not found: none of its names stands there"
    return None


def _found(rule: Rule, text: bytes) -> bool:
    return any(_is_proved(rule, value) for _, _, value in _matches(rule, text))


def _matches(rule: Rule, text: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Where the pattern of a rule matches, and the value of each match."""
    pattern = re.compile(rule.pattern.encode())
    group = "secret" if "secret" in pattern.groupindex else 0
    begin = 0
    for part in [text] if rule.span else text.splitlines(keepends=True):
        for match in pattern.finditer(part if rule.span else part.rstrip(b"\r\n")):
            yield begin + match.start(), begin + match.end(), match[group]
        begin += len(part)


def _is_proved(rule: Rule, value: bytes) -> bool:
    return rule.proof is None or PROOFS[rule.proof](value)
