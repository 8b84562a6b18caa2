"""Work spread over processes: the same answers, each once, or an error; nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from envguard.core.errors import ConfigError, EnvguardError, UsageError
from envguard.jobs.scan import workers
from envguard.jobs.scan.carried import WorkerBugError, WorkerLostError
from envguard.jobs.scan.crew import Crew
from envguard.jobs.scan.workers import how_many, spread


def children() -> set[int]:
    """The processes that are children of this one, dead ones that nobody waited for included."""
    files = Path("/proc/self/task").glob("*/children")
    return {int(pid) for file in files for pid in file.read_text().split()}


@pytest.fixture(autouse=True)
def _leaves_no_children() -> Iterator[None]:
    before = children()
    yield
    assert children() <= before


def some_work(number: int) -> tuple[int, str, bytes | None]:
    return number * number, "ü" * (number % 7), None if number % 3 else b"\0" * number


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("tasks", [0, 1, 2, 100])
def test_every_task_is_answered_once_by_any_number_of_workers(count: int, tasks: int) -> None:
    answers = list(spread(some_work, tasks, count))
    assert sorted(answers) == [(number, some_work(number)) for number in range(tasks)]


def test_more_tasks_than_the_pipe_holds_are_all_done() -> None:
    assert sorted(spread(lambda number: number, 40_000, 4)) == [(n, n) for n in range(40_000)]


def test_an_answer_larger_than_a_pipe_comes_whole() -> None:
    answers = dict(spread(lambda number: bytes([number]) * 3_000_000, 4, 2))
    assert answers == {number: bytes([number]) * 3_000_000 for number in range(4)}


def test_work_is_done_in_other_processes_which_are_gone_afterwards() -> None:
    pids = {pid for _, pid in spread(lambda _: slow_pid(), 8, 2)}
    assert len(pids) == 2
    assert os.getpid() not in pids
    assert_gone(*pids)


def slow_pid() -> int:
    time.sleep(0.02)
    return os.getpid()


def test_one_worker_works_in_this_process_and_in_order() -> None:
    assert list(spread(lambda number: (number, os.getpid()), 3, 1)) == [
        (number, (number, os.getpid())) for number in range(3)
    ]


def test_a_killed_worker_is_an_error_and_never_a_gap() -> None:
    def work(number: int) -> int:
        if number == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    with pytest.raises(WorkerLostError, match="signal 9"):
        list(spread(work, 10, 2))


def test_a_worker_that_leaves_is_an_error_even_with_exit_code_0() -> None:
    def work(number: int) -> int:
        if number == 5:
            os._exit(0)
        return number

    with pytest.raises(WorkerLostError):
        list(spread(work, 10, 2))


def test_an_error_for_people_keeps_its_class_and_its_texts() -> None:
    def work(number: int) -> int:
        raise ConfigError(f"wrong: {number}", "do it right")

    with pytest.raises(ConfigError) as caught:
        list(spread(work, 1000, 2))
    assert (caught.value.what[:7], caught.value.hint) == ("wrong: ", "do it right")


def test_an_error_class_that_only_the_worker_knows_becomes_its_base() -> None:
    def work(number: int) -> int:
        class LateError(UsageError):
            pass

        raise LateError("what", "hint")

    with pytest.raises(UsageError) as caught:
        list(spread(work, 10, 2))
    assert type(caught.value) is UsageError


def test_an_unknown_exception_keeps_its_class_name_and_loses_its_message() -> None:
    def work(number: int) -> int:
        raise ZeroDivisionError("a value that nobody may see")

    with pytest.raises(WorkerBugError) as caught:
        list(spread(work, 10, 2))
    assert type(caught.value).__name__ == "ZeroDivisionError"
    assert "nobody" not in str(caught.value)
    assert not isinstance(caught.value, EnvguardError)


def test_a_worker_without_memory_says_so() -> None:
    def work(number: int) -> int:
        raise MemoryError

    with pytest.raises(WorkerLostError, match="memory"):
        list(spread(work, 10, 2))


def test_what_marshal_refuses_is_an_error() -> None:
    with pytest.raises(WorkerBugError):
        list(spread(lambda _: object(), 10, 2))


def test_leaving_early_ends_the_workers_at_once() -> None:
    pids: list[int] = []

    def work(number: int) -> int:
        if number > 1:
            time.sleep(60)
        return os.getpid()

    start = time.monotonic()
    answers = spread(work, 100, 2)
    pids.append(next(answers)[1])
    answers.close()
    assert time.monotonic() - start < 5
    assert_gone(*pids)


def test_no_descriptor_is_left_open() -> None:
    before = descriptors()
    list(spread(some_work, 20, 3))
    with pytest.raises(ConfigError):
        list(spread(raise_config_error, 20, 3))
    assert descriptors() == before


def raise_config_error(number: int) -> int:
    raise ConfigError("what", "hint")


def test_a_worker_holds_no_pipe_of_another_and_hands_none_to_its_children() -> None:
    def work(number: int) -> tuple[int, int]:
        pipes = [target for target in descriptors().values() if target.startswith("pipe:")]
        listed = subprocess.run(["ls", "-l", "/proc/self/fd"], capture_output=True, check=True)
        return len(pipes), listed.stdout.count(b"pipe:")

    before = sum(target.startswith("pipe:") for target in descriptors().values())
    inherited = descriptors()["0"].startswith("pipe:")  # its standard input
    for _, (own, below) in spread(work, 8, 4):
        assert own == before + 2  # where tasks come from, where answers go
        assert below == inherited + 2  # its own output and errors, that is `run` above


def descriptors() -> dict[str, str]:
    """The open descriptors of this process, and what they are."""
    found = {}
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # of this very listing
            found[link.name] = str(link.readlink())
    return found


def test_workers_start_with_the_crew_and_before_any_answer_is_asked_for(tmp_path: Path) -> None:
    def work(number: int) -> int:
        (tmp_path / str(number)).touch()
        return number

    with Crew(work, 2, 2) as crew:
        wait_for(lambda: len(list(tmp_path.iterdir())) == 2)
        assert sorted(crew.answers()) == [(0, 0), (1, 1)]


SCRIPT = """
    import os, sys, time
    from envguard.jobs.scan.workers import spread
    def work(number):
        os.write(1, b"%d\\n" % os.getpid())
        time.sleep(60)
    try:
        list(spread(work, 10, 2))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.exit(130)
"""


@pytest.mark.parametrize("to_group", [True, False])
def test_ctrl_c_ends_all_workers_within_a_second(to_group: bool) -> None:
    # A terminal sends it to the whole group, `kill -INT` to one process.
    process, pids = started()
    begin = time.monotonic()
    if to_group:
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=5)
    assert time.monotonic() - begin < 1
    assert (process.returncode, output, errors) == (130, b"interrupted\n", b"")
    assert_gone(*pids)


def test_sigterm_ends_the_workers_and_still_ends_the_program_as_it_would() -> None:
    process, pids = started()
    process.terminate()
    process.communicate(timeout=5)
    assert process.returncode == -signal.SIGTERM
    wait_for(lambda: not any(map(is_alive, pids)))


def test_workers_end_after_their_task_when_the_program_was_killed() -> None:
    process, pids = started(SCRIPT.replace("sleep(60)", "sleep(0.3)"))
    process.kill()
    process.communicate(timeout=5)
    wait_for(lambda: not any(map(is_alive, pids)))


def test_the_signal_handler_of_before_is_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    list(spread(some_work, 4, 2))
    assert signal.getsignal(signal.SIGTERM) is before
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


def test_there_are_as_many_workers_as_processors_but_no_more_than_tasks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers, "usable_processors", lambda: 64)
    assert how_many(None, 1000) == 8
    assert how_many(None, 3) == 3
    assert how_many(20, 1000) == 20
    assert how_many(2, 0) == 1


def started(script: str = SCRIPT) -> tuple[subprocess.Popen[bytes], list[int]]:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    return process, [int(process.stdout.readline()) for _ in range(2)]


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"  # of a program that was killed: whoever adopts its children reaps them


def assert_gone(*pids: int) -> None:
    assert not any(is_alive(pid) for pid in pids)
