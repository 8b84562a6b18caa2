"""rules: what a scan looks for."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from envguard.core.config import Config, Folders
from envguard.core.errors import NotFoundError
from envguard.core.rule import Rule
from envguard.detection.book import book
from envguard.detection.builtin import built_in
from envguard.detection.detector import GENERIC
from envguard.detection.rule_files import Named, of_tree, of_user, read_rules
from envguard.detection.samples.templates import expand


class Listed(NamedTuple):
    """Rules, and sentences on what of other tools' files is not honoured."""

    rules: tuple[Rule, ...]
    notes: tuple[str, ...]


class Shown(NamedTuple):
    """A rule with its examples, rendered as texts that it finds and does not find."""

    rule: Rule
    examples: tuple[str, ...]
    non_examples: tuple[str, ...]


def rules(config: Config, folders: Folders, files: Sequence[Path] = ()) -> Listed:
    """The built-in rules, those that the project's and the user's configuration name, and those
    of `files`, in the order of their files. Raises UsageError, ConfigError."""
    contents, notes = rule_files(config, folders, files)
    found = book(contents)
    return Listed((*found.rules, *found.beside.named), (*notes, *found.beside.notes))


def show(name: str, config: Config, folders: Folders, files: Sequence[Path] = ()) -> Shown:
    """The rule of that id. Raises NotFoundError with the nearest ones."""
    known = {rule.id: rule for rule in (*rules(config, folders, files).rules, GENERIC)}
    if name not in known:
        near = get_close_matches(name, known, 3)
        raise NotFoundError(
            f"there is no rule {name}",
            f"did you mean {' or '.join(near)}?" if near else "envguard rules list",
        )
    rule = known[name]
    return Shown(rule, tuple(map(_text, rule.examples)), tuple(map(_text, rule.non_examples)))


def rule_files(config: Config, folders: Folders, files: Sequence[Path]) -> Named:
    """The contents of all files of rules, as a scan reads them, and what is not used of them.
    Raises UsageError."""
    named, notes = of_tree(config)
    others = dict([*named, *of_user(folders), *read_rules(files)])
    return Named([*built_in(), *others.items()], notes)


def _text(template: str) -> str:
    return expand(template).decode("utf-8", "backslashreplace")
