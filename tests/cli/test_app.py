"""What a person sees of the command line: help, examples, completion, mistakes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from envguard import __version__
from envguard.cli.main import call
from envguard.cli.typed import ChosenCommand
from tests.cli import program
from tests.cli.commands import COMMANDS, GLOBAL_NAMES, TYPER, choices


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def told(capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> tuple[int, str]:
    code = call(arguments)
    captured = capsys.readouterr()
    return code, captured.out + captured.err


@pytest.mark.parametrize("name", ["", *COMMANDS, "secrets", "hook", "rules"])
def test_help_is_shown(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = told(capsys, [*name.split(), "--help"])
    assert (code, text) == told(capsys, [*name.split(), "-h"])
    assert code == 0
    assert f"Usage: envguard {name}".strip() in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_global_options(name: str) -> None:
    names = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert names >= GLOBAL_NAMES


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listing_and_report_has_json(name: str) -> None:
    formats = choices(name, "--format")
    assert not formats or "json" in formats


def examples(name: str) -> list[str]:
    _, _, below = (COMMANDS[name].help or "").partition("Examples:\n")
    return [line.strip() for line in below.splitlines() if line.strip()]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples(name: str) -> None:
    assert examples(name)


@pytest.mark.parametrize("example", [line for name in COMMANDS for line in examples(name)])
def test_every_example_is_a_call_of_ours(example: str) -> None:
    words = shlex.split(example, comments=True)
    begin = words.index("envguard") + 1
    end = next((n for n, word in enumerate(words) if n >= begin and word in ("|", ">")), len(words))
    with pytest.raises(ChosenCommand):
        TYPER(words[begin:end], prog_name="envguard")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_can_be_printed(
    shell: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without a shell above the tests, typer could not say which one it is in.
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    code, text = told(capsys, ["--show-completion", shell])
    assert code == 0
    assert "_ENVGUARD_COMPLETE" in text


def test_completion_knows_the_commands(tmp_path: Path) -> None:
    asked = {"_ENVGUARD_COMPLETE": "complete_bash", "COMP_WORDS": "envguard s", "COMP_CWORD": "1"}
    done = program.call(cwd=tmp_path, env=asked)
    assert done.out.split() == ["scan", "secrets"]


@pytest.mark.parametrize("arguments", [["--version"], ["-v", "--version"]])
def test_the_version_is_shown(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, arguments) == (0, f"envguard {__version__}\n")


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = told(capsys, [])
    assert code == 2
    assert "Usage: envguard" in text


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("scan --stagd", 2, "No such option: --stagd"),
        ("scna", 2, "No such command 'scna'. Did you mean 'scan'?"),
        ("scan --format xml", 2, "'xml' is not one of 'text', 'json'"),
        ("scan --range", 2, "Option '--range' requires an argument"),
        ("hook run word", 2, "a pre-commit hook takes no paths"),
        ("run --cleen -- true", 125, "No such option: --cleen"),
        ("-v run --cleen -- true", 125, "No such option: --cleen"),
        ("--profile x run --cleen -- true", 125, "No such option: --cleen"),
        ("--profile run scan --stagd", 2, "No such option: --stagd"),
    ],
)
def test_a_typo_is_explained(
    text: str, code: int, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found, message = told(capsys, text.split())
    assert found == code
    plain = re.sub(r"\s+", " ", re.sub(r"[│╭╮╰╯─]", " ", message))
    assert expected in plain


def test_run_without_a_command_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    code, message = told(capsys, ["run"])
    assert code == 125
    assert message.splitlines() == [
        "envguard: error: [usage] there is no command to run",
        "envguard: hint: envguard run -- COMMAND",
    ]
