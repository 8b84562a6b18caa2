"""What must end with this process: also where SIGTERM ends it."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from envguard.sources.ending import Ending
from envguard.sources.recorded import Recorded

SCRIPT = """
    import os, sys, time
    from pathlib import Path
    from envguard.jobs.scan.workers import spread
    from envguard.sources.recorded import Recorded
    def work(number):
        os.write(1, b"%d\\n" % os.getpid())
        time.sleep(60)
    recorded = Recorded(["sleep", "60"], Path("/"), os.environ)
    print(recorded._child.pid, flush=True)
    list(spread(work, 10, 2)) if sys.argv[1] == "workers" else time.sleep(60)
"""


@pytest.mark.parametrize("others", ["workers", "none"])
def test_sigterm_ends_what_is_recorded_and_the_workers(others: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), others], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    pids = [int(process.stdout.readline()) for _ in range(3 if others == "workers" else 1)]
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGTERM
    end = time.monotonic() + 10
    while any(map(is_alive, pids)):
        assert time.monotonic() < end
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_the_handler_of_before_is_back_afterwards(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    first, second = Ending(list), Ending(list)
    first.begin()
    inner = signal.getsignal(signal.SIGTERM)
    second.begin()
    second.close()
    assert signal.getsignal(signal.SIGTERM) == inner
    first.close()
    assert signal.getsignal(signal.SIGTERM) is before
    Recorded(["true"], tmp_path, {}).close()
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_handler_of_somebody_else_stays(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        ending = Ending(list)
        ending.begin()
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
        ending.close()
    finally:
        signal.signal(signal.SIGTERM, before)


def test_in_another_thread_nothing_is_changed() -> None:
    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=Ending(list).begin)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before
