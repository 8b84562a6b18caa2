"""`run --watch`: what is noticed, and what is done then."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from envguard.core.errors import EnvguardError, UsageError
from envguard.core.secret import Secret
from envguard.launch.command import CommandNotFoundError
from envguard.launch.program import Program
from envguard.launch.watch import Settings, Watch
from tests.cli.program import PROGRAM, call
from tests.conftest import Repository
from tests.launch.terminals import PATIENCE, InTerminal

OLD, NEW = "the-old-" + "value", "the-new-" + "value"


# Noticing


def program(value: str, *files: Path) -> Program:
    secret = ((("A", Secret(value)),), files)
    return Program(("true",), {"A": value, "PATH": os.defpath}, *secret)


def noticed(watch: Watch, running: Program, seconds: float = PATIENCE) -> object:
    """What `look` returns first, if anything, within a time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = watch.look(running)
        if found is not None:
            return found
        time.sleep(0.02)
    return None


def change(file: Path) -> None:
    file.write_text("changed")


def change_only_the_time(file: Path) -> None:
    os.utime(file, (1, 1))


def replace(file: Path) -> None:
    """Another file of the same size and time, as some editors leave it."""
    status = file.stat()
    other = file.with_name("other")
    other.write_bytes(file.read_bytes())
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)


def remove(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize("do", [change, change_only_the_time, replace, remove])
def test_every_change_of_a_file_is_noticed(tmp_path: Path, do: Callable[[Path], None]) -> None:
    file = tmp_path / ".env"
    file.write_text("first")
    running, following = program(OLD, file), program(NEW, file)
    watch = Watch(lambda: following, Settings(interval=1000))
    watch.begin(running)
    assert noticed(watch, running, 1.2) is None
    do(file)
    assert noticed(watch, running) is following


def test_a_file_that_appears_is_noticed(tmp_path: Path) -> None:
    running, following = program(OLD, tmp_path / ".env"), program(NEW, tmp_path / ".env")
    watch = Watch(lambda: following, Settings(interval=1000))
    watch.begin(running)
    (tmp_path / ".env").touch()
    assert noticed(watch, running) is following


def test_a_value_that_changes_elsewhere_is_noticed_after_the_interval() -> None:
    running, following = program(OLD), program(NEW)
    watch = Watch(lambda: following, Settings(interval=0.1))
    watch.begin(running)
    assert noticed(watch, running) is following


def test_what_gives_the_same_environment_is_no_change(tmp_path: Path) -> None:
    read = 0

    def reading() -> Program:
        nonlocal read
        read += 1
        return program(OLD)

    watch = Watch(reading, Settings(interval=0.1))
    watch.begin(program(OLD))
    assert noticed(watch, program(OLD), 2.0) is None
    assert read >= 2


def test_new_files_are_watched_even_without_a_change_of_values(tmp_path: Path) -> None:
    first, second = tmp_path / "envguard.toml", tmp_path / "other.env"
    given = [program(OLD, first, second), program(NEW, first, second)]
    watch = Watch(lambda: given.pop(0), Settings(interval=1000))
    running = program(OLD, first)
    watch.begin(running)
    first.touch()
    assert noticed(watch, running, 2.5) is None
    assert len(given) == 1
    second.touch()
    assert noticed(watch, running) is not None


def test_an_error_is_told_once_until_something_else_happens() -> None:
    errors = [UsageError("one", "x"), UsageError("one", "x"), UsageError("two", "x")]

    def reading() -> Program:
        raise errors.pop(0) if errors else UsageError("two", "x")

    watch = Watch(reading, Settings(interval=0.1))
    watch.begin(program(OLD))
    told = [noticed(watch, program(OLD)) for _ in range(2)]
    assert [error.what for error in told if isinstance(error, EnvguardError)] == ["one", "two"]
    assert noticed(watch, program(OLD), 1.5) is None


def test_a_program_that_cannot_start_is_an_error() -> None:
    missing = Program(("no-such-command",), {"A": NEW, "PATH": os.defpath})
    watch = Watch(lambda: missing, Settings(interval=0.1))
    watch.begin(program(OLD))
    assert isinstance(noticed(watch, program(OLD)), CommandNotFoundError)


def test_a_bug_in_reading_is_raised() -> None:
    def reading() -> Program:
        raise ZeroDivisionError

    watch = Watch(reading, Settings(interval=0.1))
    watch.begin(program(OLD))
    with pytest.raises(ZeroDivisionError):
        noticed(watch, program(OLD))


def test_a_program_shows_nothing() -> None:
    assert OLD not in repr(program(OLD))


# Doing

TERMED = "trap 'echo term >> log; exit 0' TERM; "
SERVER = (
    TERMED
    + 'echo "start $API_KEY" >> log; echo "$API_KEY"; while ! test -e end; do sleep 0.05; done'
)
STUBBORN = SERVER.replace(TERMED, "trap 'echo term >> log' TERM; ")

Started = Callable[..., "subprocess.Popen[str]"]


class Log:
    def __init__(self, file: Path) -> None:
        self.file = file

    def lines(self) -> list[str]:
        return self.file.read_text().splitlines() if self.file.exists() else []

    def wait(self, *lines: str) -> None:
        end = time.monotonic() + PATIENCE
        while self.lines() != list(lines):
            assert time.monotonic() < end, self.lines()
            time.sleep(0.05)


@pytest.fixture
def shop(repository: Repository) -> Repository:
    repository.write(".env", f"API_KEY={OLD}\n")
    return repository


@pytest.fixture
def log(shop: Repository) -> Log:
    return Log(shop.root / "log")


@pytest.fixture
def start(shop: Repository) -> Iterator[Started]:
    running: list[subprocess.Popen[str]] = []

    def begin(script: str, *options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [PROGRAM, "run", "--watch", *options, "--", "sh", "-c", script],
            cwd=shop.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        running.append(process)
        return process

    yield begin
    shop.write("end", "")
    for process in running:
        process.terminate()
        process.communicate(timeout=PATIENCE)


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="not on Windows")


def test_a_changed_value_starts_the_command_again(
    shop: Repository, log: Log, start: Started
) -> None:
    process = start(SERVER)
    log.wait(f"start {OLD}")
    shop.write(".env", f"API_KEY={NEW}\nMORE=1\n")
    log.wait(f"start {OLD}", "term", f"start {NEW}")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    assert (out, process.returncode) == (f"{OLD}\n{NEW}\n", 0)
    assert err == "envguard: API_KEY, MORE changed: starting the command again\n"


def test_a_changed_comment_does_not(shop: Repository, log: Log, start: Started) -> None:
    start(SERVER)
    log.wait(f"start {OLD}")
    shop.write(".env", f"# a comment\nAPI_KEY={OLD}\n")
    time.sleep(2)
    assert log.lines() == [f"start {OLD}"]


def test_with_a_broken_file_the_old_command_goes_on_and_the_error_is_told(
    shop: Repository, log: Log, start: Started
) -> None:
    process = start(SERVER)
    log.wait(f"start {OLD}")
    shop.write(".env", f"API_KEY={NEW}\nbroken line\n")
    assert process.stderr is not None
    assert ".env:2 is no KEY=VALUE line" in process.stderr.readline()
    assert process.stderr.readline().startswith("envguard: hint: ")
    assert log.lines() == [f"start {OLD}"]
    shop.write(".env", f"API_KEY={NEW}\n")
    log.wait(f"start {OLD}", "term", f"start {NEW}")


def test_a_new_profile_and_a_new_value_in_the_store_count(
    shop: Repository, log: Log, start: Started
) -> None:
    assert call("init", "--yes", "--no-hook", cwd=shop.root).code == 0
    assert call("secrets", "set", "KEY", OLD, cwd=shop.root).code == 0
    start(SERVER, "--watch-interval", "0.5", "--trust")
    log.wait(f"start {OLD}")
    toml = (shop.root / "envguard.toml").read_text()
    shop.write("envguard.toml", toml + '[profiles.dev.env]\nAPI_KEY = "secret:KEY"\nB = "1"\n')
    log.wait(f"start {OLD}", "term", f"start {OLD}")
    assert call("secrets", "set", "KEY", NEW, cwd=shop.root).code == 0
    log.wait(f"start {OLD}", "term", f"start {OLD}", "term", f"start {NEW}")


def test_who_does_not_end_in_time_is_killed(shop: Repository, log: Log, start: Started) -> None:
    start(STUBBORN, "--watch-grace", "0.5")
    log.wait(f"start {OLD}")
    shop.write(".env", f"API_KEY={NEW}\n")
    log.wait(f"start {OLD}", "term", f"start {NEW}")


def test_nothing_of_the_old_command_is_left_when_the_new_one_starts(
    shop: Repository, log: Log, start: Started
) -> None:
    behind = f"({TERMED.replace('term', 'behind')} while ! test -e end; do sleep 0.05; done) & "
    start(behind + SERVER)
    log.wait(f"start {OLD}")
    shop.write(".env", f"API_KEY={NEW}\n")
    end = time.monotonic() + PATIENCE
    while f"start {NEW}" not in log.lines():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert sorted(log.lines()[1:3]) == ["behind", "term"]
    assert log.lines()[3] == f"start {NEW}"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("test -e healthy || { touch healthy; false; }", "is healthy"),
        ('test "$API_KEY" = ' + NEW, "is healthy"),
    ],
)
def test_the_health_command_is_asked_after_a_restart(
    shop: Repository, log: Log, start: Started, command: str, said: str
) -> None:
    process = start(SERVER, "--health", command)
    log.wait(f"start {OLD}")
    assert not (shop.root / "healthy").exists()
    shop.write(".env", f"API_KEY={NEW}\n")
    assert process.stderr is not None
    assert "changed" in process.stderr.readline()
    assert said in process.stderr.readline()


def test_the_command_that_ends_by_itself_ends_it(start: Started) -> None:
    process = start("exit 7")
    assert process.wait(timeout=PATIENCE) == 7


def test_who_is_told_to_end_during_a_restart_starts_nothing(
    shop: Repository, log: Log, start: Started
) -> None:
    process = start(STUBBORN, "--watch-grace", "1000")
    log.wait(f"start {OLD}")
    shop.write(".env", f"API_KEY={NEW}\n")
    log.wait(f"start {OLD}", "term")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=PATIENCE) == 128 + signal.SIGINT
    assert log.lines() == [f"start {OLD}", "term"]


def test_old_and_new_values_are_masked_in_a_terminal(shop: Repository, log: Log) -> None:
    script = SERVER.replace('echo "$API_KEY";', f'echo "$API_KEY and {OLD}";')
    argv = [PROGRAM, "run", "--redact", "--watch", "--", "sh", "-c", script]
    with InTerminal(argv, {**os.environ, "TERM": "xterm"}, shop.root) as terminal:
        mask = r"\*\*\*API_KEY\*\*\*"
        terminal.expect(f"{mask} and {mask}\r\n")
        shop.write(".env", f"API_KEY={NEW}\n")
        terminal.expect("changed: starting the command again\r\n")
        terminal.expect(f"{mask} and {mask}\r\n")
        terminal.type("\x03")
        assert terminal.end() == 130
        assert terminal.is_as_before


def test_numbers_that_are_none_and_a_lonely_health_are_refused(shop: Repository) -> None:
    for words in (("--watch", "--watch-grace", "soon"), ("--watch", "--watch-interval", "-1")):
        call("run", *words, "--", "true", cwd=shop.root).says(125, "is no number of seconds")
    call("run", "--redact", "--health", "true", "--", "true", cwd=shop.root).says(
        125, "--health needs --watch"
    )
