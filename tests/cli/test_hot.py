"""The two parsers of one declaration: what the fast one reads, typer reads the same."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
import typer.main
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.cli import hot
from envguard.cli.app import build
from envguard.cli.declare import Globals, Spec, specs
from envguard.cli.hot_commands import COMMANDS, HotCommand
from envguard.cli.options import HookRunOptions, RunOptions, ScanOptions
from envguard.cli.typed import ChosenCommand

TYPER = typer.main.get_command(build())

Parsed = tuple[Globals, Any]


def by_typer(arguments: list[str]) -> Parsed | int:
    """What typer makes of a command line: the options of a command, or an exit code."""
    try:
        TYPER(list(arguments), prog_name="envguard")
    except ChosenCommand as chosen:
        return chosen.given, chosen.options
    except SystemExit as done:
        return int(done.code or 0)
    raise AssertionError("typer returned")


def by_hot(leading: list[str], name: str, rest: list[str]) -> Parsed | None:
    """What the fast parser makes of it, as `main` calls it."""
    found = hot.leading_globals([*leading, *name.split(), *rest])
    if found is None:
        return None
    globals_before, after = found
    words = name.split()
    if after[: len(words)] != words:
        return None
    command = COMMANDS[name]
    return hot.parse(command.options, after[len(words) :], given=globals_before, stop=command.stop)


VALUES = st.sampled_from(
    ["a", "", "A..B", "x=y", "=", "-", "json", "text", "high", "two words", "é", "7", "-1", "--"]
)
WORDS = st.sampled_from([".", "src/a b", "-", "", "é", "run", "scan", "x=y", "--", "\n"])
# What the fast parser must leave to typer, or read as typer does.
NOISE = st.sampled_from(
    [
        "--help",
        "-h",
        "--nope",
        "-x",
        "-vq",
        "-fjson",
        "-f=json",
        "--verbose=1",
        "--verbos",
        "--no-q",
    ]
)


def tokens(spec: Spec, values: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """One use of an option, in each way to write it."""
    if spec.kind == "words":
        return WORDS.map(lambda word: [word])
    names = st.sampled_from(spec.names)
    if spec.kind == "flag":
        return names.map(lambda name: [name])
    if spec.choices:
        values = st.sampled_from(spec.choices) if values is not VALUES else values
    if spec.kind == "number":
        values = st.integers(0, 99).map(str)
    apart = st.tuples(names, values).map(list)
    long = [name for name in spec.names if name.startswith("--")]
    return apart | st.tuples(st.sampled_from(long), values).map(lambda pair: ["=".join(pair)])


def uses(options: type, values: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    every = [tokens(spec, values) for _, spec in specs(options)]
    return st.lists(st.one_of(every), max_size=5).map(lambda found: list(chain(*found)))


@st.composite
def command_lines(draw: st.DrawFn) -> tuple[list[str], str, list[str]]:
    """Globals, a command, and any mixture of its options, with some mistakes."""
    name = draw(st.sampled_from(sorted(COMMANDS)))
    options = COMMANDS[name].options
    rest = draw(uses(options, VALUES)) + draw(uses(Globals, VALUES))
    rest = draw(st.permutations(rest)) if draw(st.booleans()) else rest
    if draw(st.integers(0, 3)) == 0:
        rest = [*rest, draw(NOISE), *draw(uses(options, VALUES))]
    return draw(uses(Globals, VALUES)), name, list(rest)


@settings(max_examples=400)
@given(command_lines())
def test_both_parsers_agree(line: tuple[list[str], str, list[str]]) -> None:
    found = by_hot(*line)
    if found is not None:
        leading, name, rest = line
        assert found == by_typer([*leading, *name.split(), *rest])


PLAIN = st.sampled_from(["a", "src/x", "A..B", "json", "two words"])


@st.composite
def good_lines(draw: st.DrawFn) -> tuple[list[str], str, list[str]]:
    name = draw(st.sampled_from(sorted(COMMANDS)))
    rest = draw(uses(COMMANDS[name].options, PLAIN)) + draw(uses(Globals, PLAIN))
    return draw(uses(Globals, PLAIN)), name, rest


@settings(max_examples=200)
@given(good_lines())
def test_a_well_formed_call_needs_no_typer(line: tuple[list[str], str, list[str]]) -> None:
    assert by_hot(*line) is not None


def written(name: str, text: str) -> Any:
    found = by_hot([], name, text.split())
    assert found is not None
    assert found == by_typer([*name.split(), *text.split()])
    return found[1]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("", ScanOptions()),
        ("--staged", ScanOptions(staged=True)),
        (
            "src tests --exclude a --exclude=b",
            ScanOptions(paths=("src", "tests"), exclude=("a", "b")),
        ),
        ("-f json -o x", ScanOptions(format="json", output="x")),
        ("-- --staged", ScanOptions(paths=("--staged",))),
        ("- --stdin", ScanOptions(paths=("-",), stdin=True)),
        ("--range= a", ScanOptions(paths=("a",), range="")),
        ("--range --staged", ScanOptions(range="--staged")),
    ],
)
def test_scan_is_read(text: str, options: ScanOptions) -> None:
    assert written("scan", text) == options


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("-- cmd -x --help", ("cmd", "-x", "--help")),
        ("cmd --env-file y", ("cmd", "--env-file", "y")),
        ("cmd -v -q --config z", ("cmd", "-v", "-q", "--config", "z")),
        ("-- cmd a -- b", ("cmd", "a", "--", "b")),
        ("cmd -- b", ("cmd", "--", "b")),
        ("cmd --", ("cmd", "--")),
        ("-- -- cmd", ("--", "cmd")),
        ("-- -x", ("-x",)),
        ("- a", ("-", "a")),
        ("--", ()),
    ],
)
def test_run_leaves_the_childs_own_flags_alone(text: str, command: tuple[str, ...]) -> None:
    assert written("run", text) == RunOptions(command=command)


def test_run_reads_its_own_options_before_the_command() -> None:
    assert written("run", "--env-file a --env-file=b --clean cmd --clean") == RunOptions(
        command=("cmd", "--clean"), env_file=("a", "b"), clean=True
    )


def test_globals_stand_before_and_after_the_command() -> None:
    found = by_hot(["--profile", "a", "-v"], "hook run", ["--quiet", "--config=c", "--env"])
    expected = Globals(config="c", profile="a", verbose=True, quiet=True), HookRunOptions(env=True)
    assert found == expected
    assert by_typer("--profile a -v hook run --quiet --config=c --env".split()) == expected


def test_the_last_of_two_values_counts() -> None:
    found = by_hot(["--profile", "a"], "scan", ["--profile", "b", "--format=json", "-f", "text"])
    assert found == (Globals(profile="b"), ScanOptions(format="text"))


@pytest.mark.parametrize(
    "text",
    [
        "scan --stagd",
        "scan --format xml",
        "scan --format",
        "scan -fjson",
        "scan -vq",
        "scan --verbose=1",
        "scan --help",
        "scan -h",
        "--nope scan",
        "run --nope -- x",
        "hook install",
        "hook",
        "",
        "init",
        "run --help",
    ],
)
def test_anything_else_is_left_to_typer(text: str) -> None:
    arguments = text.split()
    leading = hot.leading_globals(arguments)
    if leading is None:
        return
    for name, command in COMMANDS.items():
        words = name.split()
        if leading[1][: len(words)] == words:
            rest = leading[1][len(words) :]
            assert hot.parse(command.options, rest, given=leading[0], stop=command.stop) is None


def every_spec() -> Iterator[tuple[str, Spec]]:
    for name, command in COMMANDS.items():
        assert isinstance(command, HotCommand)
        for _, spec in specs(command.options):
            yield name, spec


def test_no_option_is_declared_twice() -> None:
    for name, command in COMMANDS.items():
        used = [n for kind in (Globals, command.options) for _, s in specs(kind) for n in s.names]
        assert sorted(used) == sorted(set(used)), name


@pytest.mark.parametrize(("name", "spec"), list(every_spec()))
def test_every_option_says_what_it_does(name: str, spec: Spec) -> None:
    assert spec.help.endswith(".")
    assert spec.kind in ("flag", "text", "number", "many", "words")
