"""Standard streams that are closed, full, gone, or of another encoding: never a silent success."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from envguard.cli import streams
from envguard.cli.main import call as call_here
from tests.cli.program import PROGRAM, Done, call
from tests.detection.samples import expand

if TYPE_CHECKING:
    from tests.conftest import Repository

TOKEN = expand("{github:ghp_}").decode()
SH = "/bin/sh"


@pytest.fixture
def leaking(repository: Repository) -> Path:
    """A repository with one finding in a file whose name is not ASCII."""
    repository.commit({"straße.py": f'TOKEN = "{TOKEN}"\n'})
    return repository.root


def by_shell(script: str, folder: Path, unbuffered: str = "") -> Done:
    """Runs a script in which $E is the program."""
    done = subprocess.run(
        [SH, "-c", script],
        cwd=folder,
        env={**os.environ, "E": PROGRAM, "PYTHONUNBUFFERED": unbuffered},
        capture_output=True,
        check=False,
    )
    return Done(done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr))


PRINTING = ["scan", "scan --history --format json", "rules list", "--version", "--help"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", PRINTING)
def test_a_full_disk_under_the_output_is_an_error(
    arguments: str, unbuffered: str, leaking: Path
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    done = by_shell(f'"$E" {arguments} >/dev/full', leaking, unbuffered)
    done.says(2, "standard output cannot be written: no space left on device")


@pytest.mark.parametrize("arguments", PRINTING)
def test_a_closed_output_is_an_error(arguments: str, leaking: Path) -> None:
    by_shell(f'"$E" {arguments} >&-', leaking).says(2, "standard output is closed")


def test_a_closed_output_is_none_where_nothing_is_printed(leaking: Path) -> None:
    assert by_shell('"$E" hook run >&-', leaking) == Done(0, "", "")
    assert by_shell('"$E" scan -o report.txt >&-', leaking) == Done(1, "", "")
    assert TOKEN[:4] in (leaking / "report.txt").read_text()


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", PRINTING)
def test_a_reader_that_is_gone_ends_as_with_sigpipe(
    arguments: str, unbuffered: str, leaking: Path
) -> None:
    done = by_shell(f'{{ sleep 0.3; "$E" {arguments}; echo $? >&2; }} | true', leaking, unbuffered)
    assert done == Done(0, "", "141\n")


@pytest.mark.parametrize("how", ["2>&-", "2>/dev/full"])
def test_nobody_to_hear_complaints_changes_no_exit_code(how: str, leaking: Path) -> None:
    assert by_shell(f'"$E" scan gone {how}', leaking) == Done(2, "", "")
    assert by_shell(f'"$E" scan --nope {how}', leaking) == Done(2, "", "")
    done = by_shell(f'"$E" scan {how}', leaking)
    assert done.code == 1
    assert "1 finding" in done.out
    assert "envguard: " not in done.out


def test_a_closed_input_is_not_read_as_empty(leaking: Path) -> None:
    by_shell('"$E" scan --stdin <&-', leaking).says(2, "standard input is closed")
    by_shell('"$E" secrets set KEY --store s.db <&-', leaking).says(2, "standard input is closed")
    assert not (leaking / "s.db").exists()


def test_run_passes_closed_streams_on(leaking: Path) -> None:
    (leaking / ".env").write_text("A=1\n")
    script = (
        '"$E" run -- sh -c "[ -e /dev/fd/1 ] && exit 7; [ -e /dev/fd/0 ] && exit 8; exit 3" <&- >&-'
    )
    assert by_shell(script, leaking).code == 3


ASCII = [
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
]


@pytest.mark.parametrize("env", ASCII)
@pytest.mark.parametrize("name", ["straße.py", os.fsdecode(b"bytes\xff\xfe.py")])
def test_an_output_of_a_small_encoding_gets_escapes(
    env: dict[str, str], name: str, repository: Repository
) -> None:
    repository.commit({name: f'TOKEN = "{TOKEN}"\n'}, message="straße")
    for arguments in (["scan"], ["scan", "--history"], ["scan", "--staged"]):
        done = call(*arguments, cwd=repository.root, env=env)
        assert done.code in (0, 1), done
        assert done.out.isascii()
        assert done.err == ""
        data = call(*arguments, "--format", "json", cwd=repository.root, env=env)
        # Where the system's encoding is ASCII, Python gives every other byte as an escape.
        found = {os.fsencode(finding["path"]) for finding in data.report["findings"]}
        assert found == (set() if "--staged" in arguments else {os.fsencode(name)})
    missing = call("scan", "straße/gone", cwd=repository.root, env=env)
    missing.says(2, "gone")


@pytest.mark.parametrize("env", ASCII)
def test_a_revealed_value_is_exact_whatever_the_encoding(
    env: dict[str, str], tmp_path: Path
) -> None:
    value = "Grüße ✓"
    put = call("secrets", "set", "KEY", "--store", "s.db", cwd=tmp_path, stdin=value.encode())
    assert put.code == 0, put
    done = subprocess.run(
        [PROGRAM, "secrets", "get", "KEY", "--reveal", "--store", "s.db"],
        cwd=tmp_path,
        env={**os.environ, **env},
        capture_output=True,
        check=True,
    )
    assert done.stdout == value.encode()


def test_what_stays_in_the_buffer_after_an_error_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_given: object, _options: object) -> NoReturn:
        print("half")  # noqa: T201 - what is tested
        raise KeyboardInterrupt

    monkeypatch.setattr("envguard.cli.scan.scan", fail)
    assert call_here(["scan"]) == 130
    assert capsys.readouterr().out == "half\n"


def test_say_lets_other_errors_of_the_stream_through(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(errno.EIO, "broken")

    monkeypatch.setattr("sys.stderr", Broken())
    streams.say("a message")  # a stream without a descriptor: nothing to silence, no error


@pytest.fixture
def long_scan(repository: Repository) -> Path:
    """A repository whose scan takes some seconds."""
    lines = (f'api_key_{i} = "{i * 7919:08x}{i * 104729:012x}"\n' for i in range(60_000))
    repository.commit({"big.txt": "".join(lines)})
    return repository.root


@pytest.mark.parametrize("arguments", [["scan"], ["scan", "--history"], ["hook", "run"]])
def test_ctrl_c_ends_a_long_scan_within_a_second(arguments: list[str], long_scan: Path) -> None:
    if arguments == ["hook", "run"]:
        (long_scan / "big.txt").rename(long_scan / "other.txt")
        subprocess.run(["git", "rm", "-q", "--cached", "big.txt"], cwd=long_scan, check=True)
        subprocess.run(["git", "commit", "-qm", "gone"], cwd=long_scan, check=True)
        subprocess.run(["git", "add", "other.txt"], cwd=long_scan, check=True)
    with subprocess.Popen(
        [PROGRAM, *arguments],
        cwd=long_scan,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        time.sleep(1)
        assert child.poll() is None, "the scan is not long enough for this test"
        begin = time.monotonic()
        os.killpg(child.pid, signal.SIGINT)  # as a terminal does: git gets it, too
        out, err = child.communicate(timeout=10)
        took = time.monotonic() - begin
    assert (child.returncode, err) == (130, b"envguard: interrupted\n")
    if arguments != ["hook", "run"]:
        # What was found so far, which may be nothing, and that it is not all.
        assert b"not scanned" in out
        assert b"interrupted" in out
    assert took < 1
