"""The parent that stays for `--redact`: streams, terminals, jobs, orphans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.program import PROGRAM, call
from tests.launch.terminals import PATIENCE, InTerminal

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="real terminals and /proc")

VALUE = "s3cr3t-" + "value-of-a-program"
REDACT = [PROGRAM, "run", "--redact", "--"]
MASK = "***API_KEY***"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text(f"API_KEY={VALUE}\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


def environ() -> dict[str, str]:
    return {**os.environ, "TERM": "xterm", "PS1": "$ ", "PYTHONUNBUFFERED": "1"}


def sh(script: str, folder: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """A shell script through `run --redact`, without a terminal."""
    return subprocess.run(  # type: ignore[call-overload, no-any-return]  # options of a test
        [*REDACT, "sh", "-c", script],
        check=False,
        cwd=folder,
        env=environ(),
        **{
            "capture_output": True,
            "text": True,
            "timeout": 60,
            "start_new_session": True,
            **options,
        },
    )


# Streams


def test_both_streams_are_masked_and_stay_apart(folder: Path) -> None:
    done = sh('echo "out $API_KEY"; echo "err $API_KEY" >&2; exit 9', folder)
    assert (done.stdout, done.stderr) == (f"out {MASK}\n", f"err {MASK}\n")
    assert done.returncode == 9


def test_a_value_in_two_writes_with_a_pause_is_masked(folder: Path) -> None:
    for place in (1, 5, len(VALUE) - 1):
        done = sh(f"printf %s {VALUE[:place]}; sleep 0.2; printf %s {VALUE[place:]}", folder)
        assert VALUE not in done.stdout
        assert done.stdout.endswith(MASK)
        assert VALUE.startswith(done.stdout.removesuffix(MASK))


def test_standard_input_is_the_childs_alone(folder: Path) -> None:
    done = sh("read -r a; echo $a", folder, input="one\ntwo\n")
    assert done.stdout == "one\n"


def test_one_file_for_both_streams_keeps_their_order(folder: Path) -> None:
    program = "import os\nfor n in range(5000): os.write(1 + n % 2, b'%d\\n' % n)"
    argv = [*REDACT, sys.executable, "-c", program]
    with (folder / "both").open("wb") as both:
        subprocess.run(argv, cwd=folder, env=environ(), stdout=both, stderr=both, check=True)
    assert (folder / "both").read_text().split() == [str(n) for n in range(5000)]


def test_large_outputs_arrive_whole_whichever_is_read_first(folder: Path) -> None:
    size = 3_000_000
    program = (
        "import os, sys, threading\n"
        f"def write(n, b):\n  for _ in range({size} // 1000): os.write(n, b * 1000)\n"
        "t = threading.Thread(target=write, args=(2, b'e')); t.start()\n"
        "write(1, b'o'); t.join()"
    )
    with subprocess.Popen(
        [*REDACT, sys.executable, "-c", program],
        cwd=folder,
        env=environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        # Nobody reads standard output before standard error has ended.
        assert process.stderr.read(size) == b"e" * size
        assert process.stdout.read() == b"o" * size
        assert process.wait() == 0


def test_a_child_that_closes_its_outputs_runs_on(folder: Path) -> None:
    done = sh("exec >&- 2>&-; sleep 0.3; touch done; exit 4", folder)
    assert (done.returncode, done.stdout) == (4, "")
    assert (folder / "done").exists()


def test_what_the_child_leaves_behind_holds_nobody_up_and_lives_on(folder: Path) -> None:
    begin = time.monotonic()
    done = sh("(sleep 3; echo late > late) & echo early; exit 6", folder)
    assert time.monotonic() - begin < 2.5
    assert (done.returncode, done.stdout) == (6, "early\n")
    wait_for(folder / "late")


def test_what_the_child_leaves_behind_lives_on_after_its_own_terminal(folder: Path) -> None:
    argv = [*REDACT, "sh", "-c", "(sleep 0.5; touch late) & exit 6"]
    with InTerminal(argv, environ(), folder) as terminal:
        assert terminal.end() == 6
        wait_for(folder / "late")


def test_a_reader_that_has_gone_ends_the_child_as_it_would_without_us(folder: Path) -> None:
    script = '"$@" sh -c "yes; echo \\$? > code" | head -n 1'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *REDACT],
        cwd=folder,
        env=environ(),
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"y\n"
    wait_for(folder / "code")
    assert (folder / "code").read_text() == f"{128 + signal.SIGPIPE}\n"


def test_an_output_that_is_full_is_told(folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = sh("echo x", folder, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert "the output could not be written: no space left on device" in done.stderr


def test_closed_streams_stay_closed(folder: Path) -> None:
    script = '"$@" sh -c "ls -l /proc/\\$\\$/fd > open" <&- >&- 2>&-'
    subprocess.run(["sh", "-c", script, "sh", *REDACT], cwd=folder, env=environ(), check=True)
    listed = (folder / "open").read_text()
    assert " 0 -> " not in listed
    assert " 2 -> " not in listed


def test_keys_too_short_are_named_at_the_start(folder: Path) -> None:
    (folder / ".env").write_text(f"API_KEY={VALUE}\nPORT=8081\nN=1\n")
    done = sh("echo 8081 $API_KEY", folder)
    assert done.stdout == f"8081 {MASK}\n"
    assert done.stderr == "envguard: too short to be masked: PORT, N\n"


def test_a_value_inside_another_is_masked_alone_too(folder: Path) -> None:
    assert call("init", "--yes", "--no-hook", cwd=folder).code == 0
    assert call("secrets", "set", "INNER", VALUE, cwd=folder).code == 0
    (folder / ".env").write_text("URL=db://ada:{{secrets.INNER}}@host\n")
    done = sh(f"echo $URL; echo {VALUE}", folder)
    assert done.stdout == "***URL***\n***URL***\n"


# Terminals


def test_a_prompt_that_ends_like_the_value_begins_is_seen_at_once(folder: Path) -> None:
    program = "import time\nprint(time.monotonic(), flush=True)\ninput('type s3c')"
    times = []
    for _ in range(5):
        with InTerminal([*REDACT, sys.executable, "-c", program], environ(), folder) as terminal:
            written = float(terminal.expect(r"([\d.]+)\r\n")[1])
            terminal.expect("type s3c")
            times.append(time.monotonic() - written)
            terminal.type("\r")
            assert terminal.end() == 0
    assert min(times) < 0.05, times


def test_colours_and_a_progress_bar_pass_as_they_are(folder: Path) -> None:
    bar = "\\r\\033[32m%d%%\\033[0m"
    script = f"test -t 1 && for n in 1 2 3; do printf '{bar}' $n; sleep 0.05; done; echo"
    with InTerminal([*REDACT, "sh", "-c", script], environ(), folder) as terminal:
        assert terminal.end() == 0
        assert terminal.seen == b"".join(b"\r\x1b[32m%d%%\x1b[0m" % n for n in (1, 2, 3)) + b"\r\n"


@pytest.mark.parametrize("pipe", [1, 2])
def test_one_stream_can_be_a_terminal_and_the_other_a_pipe(folder: Path, pipe: int) -> None:
    reader, writer = os.pipe()
    script = "for n in 0 1 2; do test -t $n && echo $n; done; stty size; echo err $API_KEY >&2"
    argv = [*REDACT, "sh", "-c", script]
    with InTerminal(argv, environ(), folder, streams={pipe: writer}) as terminal:
        os.close(writer)
        assert terminal.end() == 0
        piped = os.read(reader, 1000)
        os.close(reader)
        shown = terminal.seen.replace(b"\r\n", b"\n")
    out, err = (piped, shown) if pipe == 1 else (shown, piped)
    assert out == (b"0\n2\n" if pipe == 1 else b"0\n1\n") + b"24 80\n"
    assert err == f"err {MASK}\n".encode()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["sh", "-c", "exit 3"], 3),
        (["sh", "-c", "stty raw -echo; kill -KILL $$"], 137),
        (["sh", "-c", "stty raw -echo; kill -TERM $PPID; kill -TERM $$; sleep 5"], 143),
        (["no-such-command"], 127),
        (["/dev/null"], 126),
    ],
)
def test_the_terminal_is_as_before_in_every_ending(
    folder: Path, command: list[str], code: int
) -> None:
    with InTerminal([*REDACT, *command], environ(), folder) as terminal:
        assert terminal.end() == code
        assert terminal.is_as_before


def test_the_terminal_is_as_before_when_we_are_told_to_end(folder: Path) -> None:
    with InTerminal([*REDACT, "cat"], environ(), folder) as terminal:
        terminal.type("x\r")
        terminal.expect("x\r\nx\r\n")
        assert not terminal.is_as_before  # raw
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.end() == 143
        assert terminal.is_as_before


@pytest.mark.parametrize("output", ["", " > out", " | cat"])
def test_ctrl_z_stops_the_job_and_fg_goes_on(folder: Path, output: str) -> None:
    with InTerminal(["sh", "-i"], environ(), folder) as terminal:
        terminal.expect(r"\$ ")
        terminal.type(
            f"{' '.join(REDACT)} sh -c 'read a; echo $a > got; read b; exit $b'{output}\r"
        )
        terminal.type("one\r")
        wait_for(folder / "got")
        terminal.type("\x1a")
        terminal.expect("Stopped")
        terminal.expect(r"\$ ")
        terminal.type("echo 'shell' again\r")
        terminal.expect("shell again")
        terminal.type("fg\r")
        terminal.expect("read b")
        terminal.type("5\r")
        terminal.expect(r"\$ ")
        terminal.type("echo code=$?\r")
        terminal.expect(r"code=0" if "|" in output else "code=5")
        terminal.type("exit\r")
        terminal.end()


def test_ctrl_c_ends_the_whole_job_in_a_pipeline(folder: Path) -> None:
    with InTerminal(["sh", "-i"], environ(), folder) as terminal:
        terminal.expect(r"\$ ")
        terminal.type(f"{' '.join(REDACT)} sh -c 'touch got; sleep 100; echo no' | cat\r")
        wait_for(folder / "got")
        terminal.type("\x03")
        terminal.expect(r"\$ ")
        terminal.type("exit\r")
        terminal.end()


def test_in_the_background_it_stops_when_it_reads_and_fg_lets_it(folder: Path) -> None:
    with InTerminal(["sh", "-i"], environ(), folder) as terminal:
        terminal.expect(r"\$ ")
        terminal.type(f"{' '.join(REDACT)} sh -c 'read a; echo got $a $API_KEY; touch got' &\r")
        end = time.monotonic() + PATIENCE
        while b"Stopped" not in terminal.seen:
            assert time.monotonic() < end
            terminal.type("jobs\r")
            terminal.quiet()
        terminal.type("fg\r")
        terminal.quiet()
        terminal.type("word\r")
        wait_for(folder / "got")
        terminal.expect(r"got word \*\*\*API_KEY\*\*\*")
        terminal.type("exit\r")
        terminal.end()


def test_a_terminal_that_hangs_up_tells_the_child_once(folder: Path) -> None:
    script = "trap 'echo hup >> log' HUP; touch got; while ! test -e stop; do sleep 0.1; done"
    terminal = InTerminal([*REDACT, "sh", "-c", script], environ(), folder)
    wait_for(folder / "got")
    os.close(terminal.slave)
    os.close(terminal.master)
    wait_for(folder / "log")
    time.sleep(0.5)
    (folder / "stop").touch()
    os.waitpid(terminal.pid, 0)
    assert (folder / "log").read_text() == "hup\n"


# Processes


def test_signals_that_were_ignored_stay_ignored(folder: Path) -> None:
    done = subprocess.run(
        ["nohup", *REDACT, "grep", "SigIgn", "/proc/self/status"],
        cwd=folder,
        env=environ(),
        capture_output=True,
        check=True,
    )
    assert int(done.stdout.split()[1], 16) & (1 << (signal.SIGHUP - 1))


def test_orphans_are_reaped(folder: Path) -> None:
    """As process 1 of a container; here as the one who gets the orphans by prctl(2)."""

    adopts = (
        "import ctypes, os, sys; ctypes.CDLL(None).prctl(36, 1, 0, 0, 0);"  # CHILD_SUBREAPER
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    script = "(sh -c 'exit 3' & sh -c 'exit 4' &); touch got; read a"
    with subprocess.Popen(
        [sys.executable, "-c", adopts, *REDACT, "sh", "-c", script],
        cwd=folder,
        env=environ(),
        stdin=subprocess.PIPE,
    ) as process:
        wait_for(folder / "got")
        end = time.monotonic() + PATIENCE
        while len(children(process.pid)) != 1:
            assert time.monotonic() < end, children(process.pid)
            time.sleep(0.05)
        process.communicate(b"\n")
        assert process.returncode == 0


def test_the_case_of_orphans_can_fail(folder: Path) -> None:
    """A parent that does not reap has them."""
    program = (
        "import ctypes, subprocess, sys; ctypes.CDLL(None).prctl(36, 1, 0, 0, 0);"
        "subprocess.run(['sh', '-c', \"(sh -c 'exit 3' &)\"]); sys.stdin.readline()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as process:
        end = time.monotonic() + PATIENCE
        while not children(process.pid):
            assert time.monotonic() < end
            time.sleep(0.05)
        process.communicate(b"\n")


def children(process: int) -> list[str]:
    return Path(f"/proc/{process}/task/{process}/children").read_text().split()


def wait_for(file: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not file.exists():
        assert time.monotonic() < end, file
        time.sleep(0.02)
