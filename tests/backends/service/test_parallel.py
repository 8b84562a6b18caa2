"""Calls at once, within a rate, and again where the service asks for it."""

from __future__ import annotations

import threading
import time

import pytest

from envguard.backends.service.parallel import Pace, each_of, patiently
from envguard.core.errors import BackendError


def test_each_item_has_its_outcome() -> None:
    def work(item: int) -> int:
        if item == 3:
            raise BackendError("three", "do without")
        return item * 10

    found = each_of([1, 2, 3, 2], work, workers=2)
    assert {item: found[item] for item in (1, 2)} == {1: 10, 2: 20}
    assert isinstance(found[3], BackendError)
    assert len(found) == 3
    assert each_of([], work, workers=2) == {}


def test_so_many_run_at_once_and_no_more() -> None:
    lock, running, most = threading.Lock(), 0, 0
    met = threading.Barrier(4)

    def work(item: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if item < 4:
            met.wait(10)  # four of them are here together
        with lock:
            running -= 1

    each_of(range(20), work, workers=4)
    assert most == 4


@pytest.mark.parametrize("items", [[1], [1, 2, 3]])
def test_another_error_ends_all(items: list[int]) -> None:
    def work(item: int) -> None:
        raise ZeroDivisionError(item)

    with pytest.raises(ZeroDivisionError):
        each_of(items, work, workers=2)


def test_calls_keep_their_distance() -> None:
    pace = Pace(50)
    start = time.monotonic()
    for _ in range(6):
        pace.wait()
    assert time.monotonic() - start >= 5 / 50


def test_a_call_is_tried_again_until_it_will_do() -> None:
    answers = iter(["busy", "busy", "done"])
    assert patiently(lambda: next(answers), lambda a: 0.001 if a == "busy" else None) == "done"


def test_after_the_deadline_the_last_answer_counts() -> None:
    calls: list[float] = []

    def call() -> str:
        calls.append(time.monotonic())
        return "busy"

    assert patiently(call, lambda _: 0.0, seconds=0.5) == "busy"
    assert len(calls) >= 2
    assert calls[-1] - calls[0] <= 0.5
    # What takes longer than there is time is not waited for.
    start = time.monotonic()
    assert patiently(call, lambda _: 60.0, seconds=0.5) == "busy"
    assert time.monotonic() - start < 0.5
