"""The rules of findings, with what they advise: for reports that tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from envguard.core.config import Config, Folders
from envguard.core.errors import ConfigError, UsageError
from envguard.core.finding import Finding
from envguard.core.rule import Rule
from envguard.detection.book import book
from envguard.detection.builtin import built_in
from envguard.detection.detector import GENERIC
from envguard.detection.rule_files import of_tree, of_user, read_rules


def rules_of(
    findings: Sequence[Finding], config: Config, folders: Folders, files: Sequence[Path]
) -> Mapping[str, Rule]:
    """The rules that have findings, by id; those that are known by no file any more are left out.

    A scan of a range takes its rules from where the range begins. Where the files of rules in the
    tree cannot be read, the built-in rules alone are told about.
    """
    ids = {finding.rule for finding in findings}
    if not ids:
        return {}
    try:
        others = dict([*of_tree(config).files, *of_user(folders), *read_rules(files)])
        found = book([*built_in(), *others.items()])
    except (ConfigError, UsageError):
        found = book(built_in())
    rules = (*found.rules, *found.beside.named, GENERIC)
    return {rule.id: rule for rule in rules if rule.id in ids}
