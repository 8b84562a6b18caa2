"""A table: what a program sees when it is started directly, by `run`, and by `run --redact`."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import PROGRAM
from tests.launch.terminals import InTerminal

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

SEEN = str(Path(__file__).with_name("seen.py"))
VALUE = "value-of-" + "the-table"
DIRECT: list[str] = []
RUN = [PROGRAM, "run", "--"]
REDACT = [PROGRAM, "run", "--redact", "--"]
WATCH = [PROGRAM, "run", "--watch", "--"]
WAYS = {"directly": DIRECT, "run": RUN, "run --redact": REDACT, "run --watch": WATCH}
THROUGH = {name: words for name, words in WAYS.items() if words}

Seen = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text(f"SHOWN={VALUE}\n")
    (tmp_path / ".git").mkdir()
    return tmp_path


def environ() -> dict[str, str]:
    return {**os.environ, "TERM": "xterm", "PYTHONUNBUFFERED": "1"}


def prepared() -> None:
    """An unusual place to start from."""
    os.umask(0o027)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    os.nice(1)
    descriptor = os.open("/dev/null", os.O_RDONLY)
    os.dup2(descriptor, 7)


def first(terminal: InTerminal) -> tuple[int, Seen]:
    found = terminal.expect(r"pid=(\d+) seen=(\{.*\})\r?\n")
    terminal.expect("ready\r?\n")
    return int(found[1]), json.loads(found[2])


def in_terminal(words: list[str], folder: Path, **options: Any) -> InTerminal:
    return InTerminal([*words, sys.executable, SEEN], environ(), folder, **options)


@pytest.mark.parametrize("unusual", [False, True])
def test_each_row_of_a_program_in_a_terminal_is_equal(folder: Path, unusual: bool) -> None:
    rows: dict[str, Seen] = {}
    for name, words in WAYS.items():
        with in_terminal(words, folder, **({"prepare": prepared} if unusual else {})) as terminal:
            pid, rows[name] = first(terminal)
            # exec: the same process. A parent that stays is another one.
            assert (pid == terminal.pid) == (words in (DIRECT, RUN)), name
            terminal.type("exit 7\r")
            assert terminal.end() == 7
            assert terminal.is_as_before
    direct = rows["directly"]
    assert direct["terminals"] == [True, True, True]
    assert direct["in the foreground"]
    assert direct["size"] == [80, 24]
    assert (direct["umask"] == oct(0o027)) == unusual
    assert direct["other open files"] == (["/dev/null"] if unusual else [])
    for name in THROUGH:
        assert rows[name] == direct, name


@pytest.mark.parametrize("name", WAYS)
def test_each_signal_to_the_process_arrives_once(folder: Path, name: str) -> None:
    with in_terminal(WAYS[name], folder) as terminal:
        first(terminal)
        for caught in (
            "TERM",
            "HUP",
            "INT",
            "QUIT",
            "USR1",
            "USR2",
            "CONT",
            "WINCH",
            "ALRM",
            "TSTP",
        ):
            os.kill(terminal.pid, signal.Signals[f"SIG{caught}"])
            terminal.expect(rf"got SIG{caught}\b.*\n")
        terminal.type("exit 0\r")
        assert b"got" not in terminal.quiet()
        assert terminal.end() == 0


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize(("key", "sent"), [("\x03", "INT"), ("\x1c", "QUIT"), ("\x1a", "TSTP")])
def test_each_key_that_sends_a_signal_sends_it_once(
    folder: Path, name: str, key: str, sent: str
) -> None:
    with in_terminal(WAYS[name], folder) as terminal:
        first(terminal)
        terminal.type(key)
        terminal.expect(rf"got SIG{sent}\r\n")
        assert b"got" not in terminal.quiet()
        terminal.type("exit 3\r")
        assert terminal.end() == 3


@pytest.mark.parametrize("name", WAYS)
def test_a_new_size_arrives_once_and_is_there_when_it_does(folder: Path, name: str) -> None:
    with in_terminal(WAYS[name], folder) as terminal:
        first(terminal)
        terminal.resize(50, 132)
        terminal.expect(r"got SIGWINCH \[132, 50\]\r\n")
        assert b"got" not in terminal.quiet()
        terminal.type("exit 0\r")
        assert terminal.end() == 0


@pytest.mark.parametrize("name", WAYS)
def test_keys_are_edited_echoed_and_ended_by_the_terminal(folder: Path, name: str) -> None:
    with in_terminal(WAYS[name], folder) as terminal:
        first(terminal)
        terminal.type("helo\x7flo\r")
        terminal.expect(r"helo\x08 \x08lo\r\nread 'hello?\\n'\r\n".replace("?", ""))
        terminal.type("\x04")
        terminal.expect("end of input\r\n")
        assert terminal.end() == 0


@pytest.fixture
def pipes() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def without_terminal(words: list[str], folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*words, sys.executable, SEEN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=folder,
        env=environ(),
        start_new_session=True,
    )


def test_each_row_of_a_program_without_a_terminal_is_equal(
    folder: Path, pipes: list[subprocess.Popen[bytes]]
) -> None:
    rows: dict[str, Seen] = {}
    for name, words in WAYS.items():
        process = without_terminal(words, folder)
        pipes.append(process)
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        assert process.stdout.readline() == b"ready\n"
        rows[name] = json.loads(line.partition("seen=")[2])
        for caught in ("TERM", "HUP", "INT", "QUIT", "USR1", "USR2", "CONT", "WINCH", "TSTP"):
            process.send_signal(signal.Signals[f"SIG{caught}"])
            assert process.stdout.readline() == f"got SIG{caught}\n".encode(), name
        # A signal to the whole group, as a shell's `kill %1` sends it, arrives once, too.
        os.killpg(process.pid, signal.SIGTERM)
        assert process.stdout.readline() == b"got SIGTERM\n"
        time.sleep(0.1)
        out, _ = process.communicate(b"exit 5\n", timeout=20)
        assert (out, process.returncode) == (b"", 5), name
    for name in THROUGH:
        assert rows[name] == rows["directly"], name


def codes(words: list[str], folder: Path, command: str, ends: list[str]) -> list[str]:
    """What a shell sees of a command for each of its ends."""
    script = "".join(f'"$@" {command} {end}\necho $?\n' for end in ends)
    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", *words],
        cwd=folder,
        env=environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return done.stdout.split()


SOME = [0, 1, 2, 3, 4, 5, 6, 70, 124, 125, 126, 127, 128, 129, 130, 137, 143, 254, 255]
DEADLY = ["HUP", "INT", "QUIT", "ABRT", "KILL", "USR1", "SEGV", "PIPE", "ALRM", "TERM"]


@pytest.mark.parametrize("name", WAYS)
def test_exit_codes_and_deadly_signals_are_seen_by_a_shell_as_they_are(
    folder: Path, name: str
) -> None:
    (folder / "ends").write_text("#!/bin/sh\nexit $1\n")
    (folder / "dies").write_text("#!/bin/sh\nulimit -c 0\nkill -s $1 $$\n")
    (folder / "plain").touch()
    for program in ("ends", "dies"):
        (folder / program).chmod(0o755)
    words = WAYS[name]
    assert codes(words, folder, "./ends", list(map(str, SOME))) == list(map(str, SOME))
    expected = [str(128 + signal.Signals[f"SIG{each}"]) for each in DEADLY]
    assert codes(words, folder, "./dies", DEADLY) == expected
    assert codes(words, folder, "./no-such-command", [""]) == ["127"]
    assert codes(words, folder, "./plain", [""]) == ["126"]


@pytest.mark.prove
@pytest.mark.parametrize("name", WAYS)
def test_all_256_exit_codes_are_seen_by_a_shell_as_they_are(folder: Path, name: str) -> None:
    (folder / "ends").write_text("#!/bin/sh\nexit $1\n")
    (folder / "ends").chmod(0o755)
    everything = [str(code) for code in range(256)]
    assert codes(WAYS[name], folder, "./ends", everything) == everything
