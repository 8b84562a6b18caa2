"""A long scan at a terminal: it shows how far it is, and Ctrl-C gives what was found so far."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.program import PROGRAM, call
from tests.jobs.scans import leak

pytestmark = pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals")

LONG = 200 << 30  # bytes of a file that is all hole: it takes minutes to read, and no disk


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(leak(1))
    (tmp_path / "b.py").write_text(leak(2))
    with (tmp_path / "c.bin").open("wb") as file:
        file.truncate(LONG)
    return tmp_path


class Long:
    """A scan whose messages go to a terminal."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.terminal, messages = os.openpty()
        self.process = subprocess.Popen(
            [PROGRAM, "scan", "--format", "json", *options],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=messages,
            start_new_session=True,
        )
        os.close(messages)
        self.shown = b""

    def wait_for(self, text: bytes) -> None:
        end = time.monotonic() + 30
        while text not in self.shown:
            assert time.monotonic() < end, self.shown
            self.shown += os.read(self.terminal, 1000)

    def interrupt(self) -> tuple[int, str, float]:
        """Exit code, standard output, and the seconds that it took."""
        begin = time.monotonic()
        os.killpg(self.process.pid, signal.SIGINT)
        output, _ = self.process.communicate(timeout=20)
        took = time.monotonic() - begin
        os.close(self.terminal)
        return self.process.returncode, output.decode(), took


@pytest.mark.parametrize("workers", ["1", "2", "3"])
def test_ctrl_c_reports_what_was_found_and_says_that_it_is_incomplete(
    tree: Path, workers: str
) -> None:
    scan = Long(tree, "--workers", workers)
    scan.wait_for(b"scanning: 3 contents")
    code, output, took = scan.interrupt()
    report = json.loads(output)
    assert code == 130
    assert took < 2  # one second, on a machine that has nothing else to do
    assert [finding["path"] for finding in report["findings"]] == ["a.py", "b.py"]
    assert not report["complete"]
    (skipped,) = report["coverage"]["skipped"]
    assert re.fullmatch(r"interrupted, with \d+ files? not looked at", skipped["reason"])
    assert not group_of(scan.process.pid)


def test_the_progress_counts_on_while_one_large_file_is_read(tree: Path) -> None:
    scan = Long(tree, "--workers", "2")
    scan.wait_for(b"scanning: 3 contents")
    scan.wait_for(b"\r")
    scan.wait_for(b" MB")
    first = megabytes(scan.shown)
    end = time.monotonic() + 30
    while megabytes(scan.shown) <= first:
        assert time.monotonic() < end
        scan.shown += os.read(scan.terminal, 1000)
    scan.interrupt()


def megabytes(shown: bytes) -> int:
    return max(int(number.replace(b",", b"")) for number in re.findall(rb"([\d,]+) MB", shown))


def group_of(leader: int) -> list[int]:
    """The processes of a group, but for those that have ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == leader and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.parametrize("given", ["0", "-1", "many", "", "1.5", "65", "٣"])
def test_a_number_of_workers_that_is_none_is_refused(tmp_path: Path, given: str) -> None:
    call("scan", f"--workers={given}", cwd=tmp_path).says(2, "--workers is a number from 1 to 64")
