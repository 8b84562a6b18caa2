"""The one boundary: which exit code and which lines each failure ends with."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest

from envguard.cli import main
from envguard.cli.main import call
from envguard.core.errors import (
    BackendError,
    ConfigError,
    EnvguardError,
    ExpiredError,
    NameNotAllowed,
    NotFoundError,
    TrustError,
    UsageError,
)
from envguard.core.secret import Secret
from envguard.jobs.scan.carried import WorkerLostError
from envguard.launch.command import CommandNotExecutableError, CommandNotFoundError
from envguard.launch.execute import LaunchError
from envguard.sources.door import GitError
from tests.cli import program

ERRORS = [
    (UsageError, 2),
    (NameNotAllowed, 2),
    (GitError, 2),
    (WorkerLostError, 2),
    (ConfigError, 3),
    (TrustError, 3),
    (BackendError, 4),
    (NotFoundError, 5),
    (ExpiredError, 6),
]


def subclasses(kind: type) -> set[type]:
    return {kind}.union(*(subclasses(below) for below in kind.__subclasses__()))


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Puts an error into the list, and every hot command raises it."""
    errors: list[BaseException] = []

    def fail(_given: object, _options: object) -> NoReturn:
        raise errors[0]

    for name in ("scan.scan", "run.run", "hook_run.hook_run"):
        monkeypatch.setattr(f"envguard.cli.{name}", fail)
    return errors


@pytest.mark.parametrize(("kind", "code"), ERRORS)
def test_an_error_is_two_lines_and_its_exit_code(
    kind: type[EnvguardError],
    code: int,
    failing: list[BaseException],
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing.append(kind("the disk is upside down", "turn it"))
    assert call(["scan"]) == code
    assert call(["hook", "run"]) == code
    out, err = capsys.readouterr()
    lines = "envguard: error: the disk is upside down\nenvguard: hint: turn it\n"
    assert (out, err) == ("", lines * 2)


@pytest.mark.parametrize(("kind", "code"), ERRORS)
def test_run_keeps_its_own_errors_apart_from_the_childs(
    kind: type[EnvguardError],
    code: int,
    failing: list[BaseException],
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing.append(kind("it is gone", "look for it"))
    assert call(["run", "--", "true"]) == 125
    name = {2: "usage", 3: "config", 4: "backend", 5: "not_found", 6: "expired"}[code]
    assert f"envguard: error: [{name}] it is gone\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "code"),
    [(CommandNotFoundError, 127), (CommandNotExecutableError, 126), (LaunchError, 125)],
)
def test_run_says_as_a_shell_that_a_command_cannot_start(
    kind: type[EnvguardError], code: int, failing: list[BaseException]
) -> None:
    failing.append(kind("no", "yes"))
    assert call(["run", "--", "true"]) == code


def test_every_class_of_error_is_in_these_tests() -> None:
    tested = {kind for kind, _ in ERRORS}
    known = subclasses(EnvguardError) - {EnvguardError, LaunchError}
    known -= {CommandNotFoundError, CommandNotExecutableError}
    for kind in known - tested:
        parents = [parent for parent, _ in ERRORS if issubclass(kind, parent)]
        assert parents, kind
        assert kind.exit_code == parents[-1].exit_code, kind


def test_what_an_error_names_cannot_steer_the_terminal(
    failing: list[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    failing.append(UsageError("no \x1b[2J\nfile \u202e \udcff é", "rm 'a\rb'"))
    call(["scan"])
    assert capsys.readouterr().err.splitlines() == [
        r"envguard: error: no \x1b[2J\nfile \u202e \xff é",
        r"envguard: hint: rm 'a\rb'",
    ]


def test_a_bug_shows_where_it_is_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    value = "hunter2" * 3

    def fail(_given: object, _options: object) -> NoReturn:
        held = Secret(value)
        raise RuntimeError(f"cannot use {held.reveal()}") from ValueError(value)

    monkeypatch.setattr("envguard.cli.scan.scan", fail)
    monkeypatch.setattr("envguard.cli.run.run", fail)
    assert call(["scan"]) == 70
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[0] == "envguard: error: a bug: RuntimeError"
    assert lines[-2].startswith(f"  {__file__}:")
    assert lines[-2].endswith(" in fail")
    assert lines[-1] == "envguard: hint: please report it with these lines"
    assert call(["run", "--", "true"]) == 125
    for text in (err, capsys.readouterr().err):
        assert value not in text
        assert "cannot use" not in text
        assert "reveal" not in text


@pytest.mark.parametrize("error", [KeyboardInterrupt(), EOFError()])
def test_an_interrupt_is_130(
    error: BaseException, failing: list[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    failing.append(error)
    assert call(["scan"]) == 130
    assert call(["run", "--", "true"]) == 130
    assert capsys.readouterr().err == "envguard: interrupted\n" * 2


def test_end_of_input_at_a_prompt_is_an_interrupt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def ended(_prompt: str) -> NoReturn:
        raise EOFError

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("getpass.getpass", ended)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert call(["secrets", "set", "KEY", "--store", "s.db"]) == 130
    assert capsys.readouterr().err == "envguard: interrupted\n"


def test_the_real_program_ends_with_the_code(tmp_path: Path) -> None:
    program.call("scan", "gone", cwd=tmp_path).says(2, f"{tmp_path}/gone")
    assert program.call("--version", cwd=tmp_path).code == 0


def test_what_the_system_refuses_is_two_lines_and_no_bug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "/srv/x")

    monkeypatch.setattr(main, "_dispatch", refuse)
    assert main.call(["scan"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "envguard: error: /srv/x: Read-only file system"
    assert len(told) == 2
    assert main.call(["run", "--", "true"]) == 125
