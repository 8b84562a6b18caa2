"""`envguard rules`: what a scan looks for, and why it reports what it does."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from envguard.cli.declare import Globals, Options, flag, many, text, words
from envguard.cli.options import CONFIDENCES, FORMATS
from envguard.cli.session import Session, start
from envguard.cli.typed import add
from envguard.core.config import Config, Folders
from envguard.core.errors import ExitCode, UsageError
from envguard.core.rule import Confidence, Rule
from envguard.core.text import printable

_WIDTH = 78
_LABEL = 12  # characters of a label with the blanks after it
_RULES = "Use these rules as well, such as --rules security/our-rules.toml."


class RulesOptions(Options):
    """`rules list`."""

    rules: tuple[str, ...] = many("--rules", metavar="FILE", help=_RULES)
    format: str = text("--format", "-f", choices=FORMATS, default="text", help="How to list.")


class ShowOptions(RulesOptions):
    """`rules show`."""

    name: tuple[str, ...] = words("ID", help="The rule's id, such as github-token.")


class TestOptions(Options):
    """`rules test`."""

    files: tuple[str, ...] = words("FILE", help="Files of rules; the built-in ones.")
    format: str = text("--format", "-f", choices=FORMATS, default="text", help="How to report.")


class ExplainOptions(RulesOptions):
    """`rules explain`."""

    place: tuple[str, ...] = words("FILE:LINE", help="A line of a file, counted from 1.")
    min_confidence: str | None = text(
        "--min-confidence", choices=CONFIDENCES, help="As for scan; else the configured one."
    )
    no_cache: bool = flag("--no-cache", help="Neither read nor write the cache.")


def add_rules(app: typer.Typer) -> None:
    """Adds the group of commands."""
    rules = typer.Typer(help="The rules that a scan uses.")
    add(
        rules,
        "list",
        RulesOptions,
        list_rules,
        help="List the rules.",
        examples=("envguard rules list", "envguard rules list --rules our-rules.toml"),
    )
    add(
        rules,
        "show",
        ShowOptions,
        show_rule,
        help="Show one rule: where it comes from, what to do about a finding, examples.",
        examples=(
            "envguard rules show github-token",
            "envguard rules show acme-key --rules security/our-rules.toml",
        ),
    )
    add(
        rules,
        "test",
        TestOptions,
        test_rules,
        help="Try the examples of rules; exit 1 where one comes out wrong.",
        examples=("envguard rules test security/our-rules.toml",),
    )
    add(
        rules,
        "explain",
        ExplainOptions,
        explain_line,
        help="Tell why something in a line is reported, or is not.",
        examples=(
            "envguard rules explain src/settings.py:12",
            "envguard rules explain src/settings.py:12 --min-confidence low",
        ),
    )
    app.add_typer(rules, name="rules")


def list_rules(given: Globals, options: RulesOptions) -> int:
    """Lists the built-in rules and those of files, one a line."""
    from envguard.jobs.rules import rules

    session = start(given)
    found, notes = rules(*_where(session, options))
    for note in notes:
        session.say(f"note: {printable(note)}")
    if options.format == "json":
        print(json.dumps({"schema": 1, "rules": [_row(rule) for rule in found]}, indent=2))
        return ExitCode.OK
    width = max(len(rule.id) for rule in found)
    for rule in found:
        title = printable(rule.title)
        print(f"{printable(rule.id):<{width}}  {rule.severity.name.lower():<8}  {title}")
    return ExitCode.OK


def show_rule(given: Globals, options: ShowOptions) -> int:
    """Shows a rule."""
    from envguard.jobs.rules import show

    session = start(given)
    name = _one(options.name, "envguard rules show ID")
    shown = show(name, *_where(session, options))
    rule = shown.rule
    if options.format == "json":
        more = {
            "confidence": rule.confidence.name.lower(),
            "pattern": rule.pattern,
            "proof": rule.proof,
            "advice": rule.advice or None,
            "examples": list(shown.examples),
            "non_examples": list(shown.non_examples),
        }
        print(json.dumps({"schema": 1, "rule": _row(rule) | more}, indent=2))
        return ExitCode.OK
    style = session.style()
    print(style.paint(printable(rule.title), "bold"))
    for label, value in (
        ("id", rule.id),
        ("severity", rule.severity.name.lower()),
        ("confidence", rule.confidence.name.lower()),
        ("checked by", rule.proof or ""),
        ("documented", rule.source),
        ("revoke it", rule.revoke),
        ("advice", rule.advice),
    ):
        for line in labelled(label, value):
            print(line)
    for label, texts in (("finds", shown.examples), ("passes by", shown.non_examples)):
        for number, example in enumerate(texts):
            for place, line in enumerate(example.splitlines()[:_EXAMPLE_LINES]):
                head = label if not (number or place) else ""
                print(f"  {head:<12}{printable(line)[:_EXAMPLE_WIDTH]}")
    return ExitCode.OK


_EXAMPLE_LINES = 3  # of one of several lines
_EXAMPLE_WIDTH = 160  # characters of one line


def test_rules(given: Globals, options: TestOptions) -> int:
    """Tries rules; returns 0, or 1 where an example comes out wrong."""
    from envguard.jobs.rule_tests import run

    session = start(given)
    tested = run(_files(session, options.files))
    if options.format == "json":
        report = {
            "schema": 1,
            "rules": tested.rules,
            "examples": tested.examples,
            "without_examples": list(tested.without),
            "failures": [failure._asdict() for failure in tested.failures],
        }
        print(json.dumps(report, indent=2))
    else:
        for failure in tested.failures:
            print(f"{failure.rule}: {printable(failure.template)}\n  {failure.what}")
        if tested.without:
            print(f"{len(tested.without)} without examples: {', '.join(tested.without)}")
        print(
            f"{tested.rules} rules, {tested.examples} examples, {len(tested.failures)} come out"
            " wrong"
        )
    return ExitCode.FINDINGS if tested.failures else ExitCode.OK


def explain_line(given: Globals, options: ExplainOptions) -> int:
    """Explains a line."""
    from envguard.cli.rules_explain import lines, to_json
    from envguard.jobs.rule_explanation import explain
    from envguard.jobs.rules import rule_files

    session = start(given)
    place = _one(options.place, "envguard rules explain FILE:LINE")
    name, _, line = place.rpartition(":")
    if not (name and line.isascii() and line.isdigit()):
        raise UsageError("a FILE:LINE is needed, and was not given", "such as src/settings.py:12")
    confidence = options.min_confidence
    files, notes = rule_files(*_where(session, options))
    for note in notes:
        session.say(f"note: {printable(note)}")
    found = explain(
        session.folder / name,
        int(line),
        session.folder,
        session.config,
        files,
        None if options.no_cache else session.settings.folders.cache,
        Confidence[confidence.upper()] if confidence else None,
    )
    print(to_json(found) if options.format == "json" else "\n".join(lines(found)))
    return ExitCode.OK


def labelled(label: str, value: str, indent: int = 2) -> Iterator[str]:
    """A value behind its label, wrapped; nothing where it is empty."""
    room = _WIDTH - indent - _LABEL
    wrapped = textwrap.wrap(printable(value), room, break_on_hyphens=False, break_long_words=False)
    for number, line in enumerate(wrapped):
        yield f"{'':{indent}}{'' if number else label:<{_LABEL}}{line}"


def _row(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity.name.lower(),
        "source": rule.source,
        "revoke": rule.revoke,
    }


def _where(session: Session, options: RulesOptions) -> tuple[Config, Folders, list[Path]]:
    return session.config, session.settings.folders, _files(session, options.rules)


def _files(session: Session, names: Sequence[str]) -> list[Path]:
    return [session.folder / name for name in names]


def _one(given: Sequence[str], usage: str) -> str:
    if len(given) != 1:
        raise UsageError(f"{'nothing is' if not given else 'several are'} named", usage)
    return given[0]
