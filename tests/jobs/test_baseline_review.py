"""The walk through what waits for a decision, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.errors import NotFoundError, UsageError
from envguard.detection.baseline.entries import Baseline, Entry, State
from envguard.jobs.baseline.review import Decision, Review, Waiting, waiting
from tests.jobs.test_baseline_changes import LATER, NOW, THEN, entry, finding

ACCEPT = Decision(State.ACCEPTED, "a test", "", "Ada", NOW)


def queue(*digits: str) -> list[Waiting]:
    return [Waiting((finding(digit),), None) for digit in digits]


def test_new_unreviewed_and_expired_ones_wait() -> None:
    baseline = Baseline("s").with_entries(
        [
            entry("a"),
            entry("b", State.UNREVIEWED),
            entry("c", until=THEN),
            entry("d", until=LATER),
        ]
    )
    found = [finding(digit) for digit in "edcba"] + [finding("b", "z.py")]
    waits = waiting(baseline, found, NOW)
    assert [w.fingerprint[0] for w in waits] == ["e", "c", "b"]
    assert [f.path for f in waits[2].findings] == ["a.py", "z.py"]
    assert [w.entry is None for w in waits] == [True, False, False]


def test_named_ones_are_asked_about_although_they_are_decided() -> None:
    baseline = Baseline("s").with_entries([entry("a")])
    found = [finding("a"), finding("b")]
    assert [w.fingerprint[0] for w in waiting(baseline, found, NOW, ("AAAA", "aa"))] == ["a"]
    with pytest.raises(NotFoundError):
        waiting(baseline, found, NOW, ("c",))
    odd = finding("a")._replace(fingerprint="a" * 31 + "b")
    with pytest.raises(UsageError, match="several fingerprints"):
        waiting(baseline, [*found, odd], NOW, ("aaa",))


def test_a_decision_is_an_entry_with_what_was_known() -> None:
    known = entry("a", State.UNREVIEWED, path="old.py")
    review = Review(Baseline("s"), [Waiting((finding("a"),), known), *queue("b")])
    review.decide(ACCEPT)
    review.decide(ACCEPT)
    assert review.current is None
    assert review.baseline.entries["a" * 32] == Entry(
        "a" * 32, State.ACCEPTED, "github-token", "old.py", "a test", "Ada", NOW
    )
    assert review.baseline.entries["b" * 32].path == "a.py"


def test_what_is_skipped_stays_as_it_was() -> None:
    review = Review(Baseline("s"), queue("a", "b"))
    review.skip()
    assert review.baseline == Baseline("s")
    assert review.current == queue("b")[0]


def test_there_is_nothing_before_the_first() -> None:
    assert not Review(Baseline("s"), queue("a")).undo()


@given(st.lists(st.sampled_from(["decide", "skip", "undo"]), max_size=12))
def test_any_way_back_gives_what_was_there(steps: list[str]) -> None:
    review = Review(Baseline("s"), queue(*"abcd"))
    seen: list[tuple[int, Baseline]] = []
    for step in steps:
        now = review.place, review.baseline
        if step == "undo":
            assert review.undo() == bool(seen)
            assert (review.place, review.baseline) == (seen.pop() if seen else now)
        elif review.current is not None:
            seen.append(now)
            review.skip() if step == "skip" else review.decide(ACCEPT)
