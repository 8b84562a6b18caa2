"""What a child sees when it is started directly, and when it is started through `execute`."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from envguard.core.errors import EnvguardError
from envguard.launch.execute import LaunchError, check

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

STRING_LIMIT = 32 * os.sysconf("SC_PAGE_SIZE")

# As the entrance of `run` does it: an error becomes its exit code and two lines.
THROUGH = textwrap.dedent(
    """
    import os, sys
    from envguard.core.errors import EnvguardError
    from envguard.launch.execute import execute
    try:
        execute(sys.argv[1:], dict(os.environ))
    except EnvguardError as error:
        sys.stderr.write(f"{error.what}\\n{error.hint}\\n")
        sys.exit(int(error.exit_code))
    """
)

# A child that does not change what it looks at: sh and /proc, no Python.
LOOK = r"""
echo "pid $$"
echo "parent $PPID"
echo "umask $(umask)"
echo "folder $(pwd -P)"
echo "limit $(ulimit -n)"
set -- $(cat /proc/$$/stat)
echo "group $5 session $6 terminal $7"
grep -E '^(SigBlk|SigIgn|NoNewPrivs|Groups)' /proc/self/status
for fd in /proc/$$/fd/*; do echo "open ${fd##*/} $(readlink $fd)"; done
"""


def command(argv: Sequence[str], through: bool) -> list[str]:
    return [sys.executable, "-c", THROUGH, *argv] if through else list(argv)


def run(
    argv: Sequence[str], through: bool = True, **options: Any
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(argv, through), capture_output=True, text=True, check=False, timeout=30, **options
    )


def seen(through: bool, **options: Any) -> list[str]:
    with subprocess.Popen(
        command(["sh", "-c", LOOK], through), stdout=subprocess.PIPE, text=True, **options
    ) as child:
        out, _ = child.communicate(timeout=30)
    assert child.returncode == 0
    # What differs between any two processes: their own id, and the pipe to us.
    own = out.replace(str(child.pid), "OWN")
    assert "pid OWN\n" in own
    return [line for line in own.splitlines() if "pipe:" not in line]


def prepared() -> None:
    os.umask(0o027)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])


def test_the_child_sees_what_it_would_see_without_us(tmp_path: Path) -> None:
    direct, through = (seen(how, cwd=tmp_path) for how in (False, True))
    assert through == direct
    assert len(direct) >= 11


def test_a_child_in_an_unusual_place_sees_it_too(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        number = file.fileno()
        options: dict[str, Any] = {
            "cwd": tmp_path,
            "pass_fds": [number],
            "start_new_session": True,
            "stdin": subprocess.DEVNULL,
            "preexec_fn": prepared,
        }
        direct, through = (seen(how, **options) for how in (False, True))
    assert through == direct
    assert "umask 0027" in direct
    assert "limit 200" in direct
    assert "group OWN session OWN terminal 0" in direct
    assert f"open {number} {tmp_path}/file" in direct
    ignored = next(line for line in direct if line.startswith("SigIgn"))
    expected = 1 << (signal.SIGHUP - 1) | 1 << (signal.SIGUSR1 - 1)
    # Whoever started the tests may ignore others as well (real-time signals, under `timeout`).
    assert int(ignored.split()[1], 16) & 0x7FFF_FFFF == expected


def test_an_interrupt_that_is_ignored_stays_ignored() -> None:
    def background() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    direct, through = (seen(how, preexec_fn=background) for how in (False, True))
    assert through == direct


def test_the_signals_that_python_ignores_are_as_usual_again() -> None:
    endless = ["sh", "-c", "yes | head -n 1; kill -s PIPE $$"]
    assert run(endless).returncode == -signal.SIGPIPE
    assert run(["sh", "-c", "kill -s XFSZ $$"]).returncode == -signal.SIGXFSZ


def test_the_environment_arrives_byte_for_byte() -> None:
    given = {"PATH": os.environ["PATH"], "A": "x\ny\r\n", "EMPTY": "", "B": "é€", "C": "\udcff\x01"}
    done = subprocess.run(
        command(["cat", "/proc/self/environ"], True),
        env={**given, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=True,
    )
    expected = {os.fsencode(f"{k}={v}") for k, v in {**given, "LC_ALL": "C.UTF-8"}.items()}
    assert set(done.stdout.split(b"\0")) == expected | {b""}


def test_arguments_arrive_as_they_are() -> None:
    argv = ["-x", "--", "a b", "", "$HOME", "é", "*", "\n"]
    shown = "import json, sys; print(json.dumps(sys.argv[1:]))"
    assert json.loads(run([sys.executable, "-c", shown, *argv]).stdout) == argv


def test_the_program_is_called_by_the_name_that_was_typed() -> None:
    typed = run(["sh", "-c", "tr '\\0' ' ' </proc/$$/cmdline"])
    assert typed.stdout.startswith("sh -c ")


@pytest.mark.parametrize("code", [0, 1, 2, 3, 42, 125, 126, 127, 128, 130, 254, 255])
def test_exit_codes_pass(code: int) -> None:
    assert run(["sh", "-c", f"exit {code}"]).returncode == code


@pytest.mark.parametrize("name", ["HUP", "INT", "QUIT", "KILL", "TERM", "USR1", "SEGV"])
def test_death_by_a_signal_is_seen_as_such(name: str) -> None:
    number = signal.Signals[f"SIG{name}"]
    assert run(["sh", "-c", f"ulimit -c 0; kill -s {name} $$"]).returncode == -number


def test_a_signal_reaches_the_child_once() -> None:
    program = (
        "trap 'echo caught' TERM; echo ready; while ! read -r line; do :; done; echo \"$line\""
    )
    with subprocess.Popen(
        command(["sh", "-c", program], True),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGTERM)
        assert child.stdout.readline() == "caught\n"
        child.stdin.write("end\n")
        child.stdin.close()
        assert child.stdout.read() == "end\n"


def test_standard_input_is_the_childs_alone() -> None:
    assert run(["cat"], input="a\nb").stdout == "a\nb"


def test_what_we_wrote_comes_before_what_the_child_writes() -> None:
    code = (
        "import os, sys; from envguard.launch.execute import execute;"
        "sys.stdout.write('ours '); execute(['echo', 'theirs'], dict(os.environ))"
    )
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, check=True
    )
    assert done.stdout == b"ours theirs\n"


def test_closed_streams_are_no_obstacle() -> None:
    argv = command(["true"], True)
    shell = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *argv]
    assert subprocess.run(shell, check=False).returncode == 0


def test_a_script_without_an_interpreter_line_runs_in_sh(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text('echo "$0 $# $1"\nexit 7\n')
    script.chmod(0o755)
    done = run([str(script), "a b"])
    assert (done.returncode, done.stdout) == (7, f"{script} 1 a b\n")
    named = run(["script"], env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert named.stdout == f"{script} 0 \n"


def test_an_empty_script_does_nothing_and_succeeds(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.touch(mode=0o755)
    assert run([str(script)]).returncode == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x7fELF\x02\x01\x01\0\0\0", "not a program for this system"),
        (b"#!/not/there\n", "interpreter that it names is not there"),
        (b"#!/etc\n", "permission denied"),
    ],
)
def test_a_file_that_the_system_cannot_start_is_126(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    program = tmp_path / "program"
    program.write_bytes(content)
    program.chmod(0o755)
    done = run([str(program)])
    assert done.returncode == 126
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_missing_and_not_executable_commands_have_the_codes_of_a_shell(tmp_path: Path) -> None:
    (tmp_path / "plain").touch(mode=0o644)
    assert run(["no-such-command"]).returncode == 127
    assert run([str(tmp_path / "plain")]).returncode == 126


def test_the_largest_value_that_the_system_takes_passes_and_one_byte_more_is_refused() -> None:
    shown = ["sh", "-c", 'echo "${#BIG}"']
    fits = "x" * (STRING_LIMIT - len("BIG=") - 1)
    assert run(shown, env={**os.environ, "BIG": fits}).stdout == f"{len(fits)}\n"
    with pytest.raises(LaunchError) as caught:
        check(["true"], {"BIG": fits + "x"})
    assert "BIG" in caught.value.what
    assert f"{STRING_LIMIT:,} bytes" in caught.value.what
    assert "xx" not in caught.value.what + caught.value.hint
    with pytest.raises(OSError, match="Argument list too long"):
        subprocess.run(["true"], env={"BIG": fits + "x"}, check=False)


def test_sizes_are_counted_in_bytes() -> None:
    half = (STRING_LIMIT - len("BIG=") - 1) // 2
    check(["true"], {"BIG": "é" * half})
    with pytest.raises(LaunchError):
        check(["true"], {"BIG": "é" * (half + 1)})


def test_the_longest_argument_is_limited_too() -> None:
    check(["true", "x" * (STRING_LIMIT - 1)], {})
    with pytest.raises(LaunchError, match="argument 1 takes"):
        check(["true", "x" * STRING_LIMIT], {})


def test_an_environment_that_is_too_large_in_all_names_its_largest_variables() -> None:
    code = (
        "import os; from envguard.launch.execute import execute\n"
        "big = {f'BIG_{n}': 'v' * (100_000 + n) for n in range(80)}\n"
        "try: execute(['true'], {**os.environ, **big})\n"
        "except Exception as error: print(int(error.exit_code), error.what)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("125 environment and arguments take 8,")
    assert "BIG_79 (100,087), BIG_78 (100,086), BIG_77 (100,085)" in done.stdout
    assert "vv" not in done.stdout


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the rule of Linux")
@pytest.mark.parametrize("stack", [256 * 1024, 1024 * 1024, 8 * 1024 * 1024, -1])
def test_the_limit_of_all_together_is_the_one_of_the_kernel(stack: int) -> None:
    code = """
import os, resource, subprocess, sys
from envguard.launch.execute import LaunchError, check
stack = int(sys.argv[1])
hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
resource.setrlimit(resource.RLIMIT_STACK, (stack, hard))
limit = 6 << 20 if stack == -1 else max(min(stack // 4, 6 << 20), 128 << 10)
for change in (-8192, -4096, 0, 4096):
    size = limit + change - len("/bin/true") - 1
    environ, number = {}, 0
    while size > 0:
        length = min(size, 100_000)
        environ[f"V{number:04}"] = "v" * max(length - 15, 0)
        size, number = size - length, number + 1
    try:
        check(["/bin/true"], environ)
        ours = True
    except LaunchError:
        ours = False
    try:
        subprocess.run(["/bin/true"], env=environ, check=True)
        kernels = True
    except OSError:
        kernels = False
    print(change, ours, kernels)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(stack)], capture_output=True, text=True, check=True
    )
    found = [line.split()[1:] for line in done.stdout.splitlines()]
    assert found[0] == found[1] == ["True", "True"]
    assert found[3] == ["False", "False"]


@pytest.mark.parametrize(
    ("argv", "environ", "named"),
    [
        (["true"], {"A\0": "hidden"}, "A\\x00"),
        (["true"], {"A": "hid\0den"}, "value of A"),
        (["true"], {"": "hidden"}, "''"),
        (["true"], {"A=B": "hidden"}, "A=B"),
        (["true"], {"A": "hidden\ud800"}, "value of A"),
        (["true", "hid\0den"], {}, "argument 1"),
        (["true", "hidden\ud800"], {}, "argument 1"),
    ],
)
def test_what_no_system_can_pass_is_refused_by_name(
    argv: list[str], environ: dict[str, str], named: str
) -> None:
    with pytest.raises(LaunchError) as caught:
        check(argv, environ)
    error: EnvguardError = caught.value
    assert error.exit_code == 125
    assert named in error.what
    assert "hid" not in error.what + error.hint
    assert (error.what + error.hint).isprintable()


def test_starting_loads_nothing_heavy() -> None:
    code = (
        "import sys; import envguard.launch.execute, envguard.launch.environment;"
        "print([m for m in ('subprocess', 'typing_extensions', 'socket', 'ssl', 'shutil', 'json',"
        " 'logging', 'asyncio', 'cryptography') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
