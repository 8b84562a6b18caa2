"""What create, update, prune and import make of a baseline."""

from __future__ import annotations

import pytest

from envguard.core.errors import UsageError
from envguard.core.finding import Finding
from envguard.core.rule import Confidence, Severity
from envguard.detection.baseline.entries import Baseline, Entry, State
from envguard.detection.baseline.told import Told
from envguard.jobs.baseline import changes

NOW, THEN, LATER = "2026-11-21T10:00:00Z", "2026-11-01T10:00:00Z", "2027-01-01T00:00:00Z"


def finding(digit: str, path: str = "a.py", in_head: bool | None = None) -> Finding:
    return Finding(
        *("github-token", "GitHub token", Severity.CRITICAL, Confidence.HIGH),
        *(path, 1, 1, 1, 9, "********", digit * 32, ""),
        in_head=in_head,
    )


def entry(digit: str, state: State = State.ACCEPTED, **more: object) -> Entry:
    known = Entry(digit * 32, state, "github-token", "a.py", reason="known", at=THEN)
    return known._replace(**more)


def test_each_new_value_becomes_one_unreviewed_entry() -> None:
    done = changes.update(Baseline("s"), [finding("b"), finding("a"), finding("a", "z.py")], NOW)
    assert {e.fingerprint[0] for e in done.added} == {"a", "b"}
    assert done.baseline.entries["a" * 32] == Entry(
        "a" * 32, State.UNREVIEWED, "github-token", "a.py", at=NOW
    )


def test_what_was_decided_stays_when_it_is_found_again() -> None:
    before = Baseline("s").with_entries([entry("a")])
    assert changes.update(before, [finding("a"), finding("a", "b.py")], NOW).baseline == before


def test_an_entry_moves_with_its_finding() -> None:
    before = Baseline("s").with_entries([entry("a")])
    done = changes.update(before, [finding("a", "sub/b.py")], NOW)
    assert done.changed == (entry("a", path="sub/b.py"),)
    assert done.added == ()


def test_what_no_finding_has_any_more_stays_until_it_is_pruned() -> None:
    before = Baseline("s").with_entries([entry("a"), entry("b")])
    assert changes.update(before, [finding("a")], NOW).baseline == before
    done = changes.prune(before, [finding("a")], NOW, with_history=False)
    assert done.removed == (entry("b"),)
    assert set(done.baseline.entries) == {"a" * 32}


def test_what_only_the_history_had_is_pruned_after_a_look_at_it() -> None:
    past = entry("b", is_past=True)
    before = Baseline("s").with_entries([past])
    assert changes.prune(before, [], NOW, with_history=False).removed == ()
    assert changes.prune(before, [], NOW, with_history=True).removed == (past,)
    gone = finding("b", in_head=False)
    assert changes.prune(before, [gone], NOW, with_history=True).removed == ()


def test_a_value_that_is_in_the_files_again_is_not_only_of_the_history() -> None:
    before = Baseline("s").with_entries([entry("a", is_past=True)])
    done = changes.update(before, [finding("a", in_head=False), finding("a")], NOW)
    assert not done.baseline.entries["a" * 32].is_past
    done = changes.update(Baseline("s"), [finding("a", in_head=False)], NOW)
    assert done.added[0].is_past


def test_what_has_expired_is_pruned_although_it_is_there() -> None:
    old, young = entry("a", until=THEN), entry("b", until=LATER)
    before = Baseline("s").with_entries([old, young])
    done = changes.prune(before, [finding("a"), finding("b")], NOW, with_history=False)
    assert done.removed == (old,)


def told(state: State = State.UNREVIEWED, **more: object) -> Told:
    return Told("a.py", 1, 1, sha1="0" * 40, state=state, reason="in .secrets.baseline")._replace(
        **more
    )


def test_what_others_decided_is_taken_over_where_nothing_was_decided_here() -> None:
    before = Baseline("s").with_entries([entry("a"), entry("b", State.UNREVIEWED)])
    found = [
        (told(State.FALSE_POSITIVE), finding("a")),
        (told(State.FALSE_POSITIVE), finding("b")),
        (told(State.ROTATE), finding("c")),
        (told(), finding("d")),
    ]
    done = changes.take_in(before, found, NOW)
    states = {name[0]: known.state for name, known in done.baseline.entries.items()}
    assert states == {
        "a": State.ACCEPTED,
        "b": State.FALSE_POSITIVE,
        "c": State.ROTATE,
        "d": State.UNREVIEWED,
    }
    assert done.baseline.entries["a" * 32].reason == "known"
    assert changes.counts(done.added) == {"unreviewed": 1, "rotate": 1}


def test_a_line_that_somebody_wrote_to_ignore_a_finding_is_a_decision() -> None:
    ignored = told(sha1=None, reason="in .gitleaksignore", commit="c" * 40)
    (added,) = changes.take_in(Baseline("s"), [(ignored, finding("a"))], NOW).added
    assert (added.state, added.is_past) == (State.ACCEPTED, True)


def test_another_baseline_of_ours_is_merged_where_its_names_are_the_same() -> None:
    ours = Baseline("s").with_entries([entry("a", State.UNREVIEWED)])
    other = Baseline("s").with_entries([entry("a"), entry("b")])
    done = changes.merge(ours, other, "other.json")
    assert done.baseline.entries == other.entries
    assert changes.merge(Baseline("t"), other, "other.json").baseline == other
    with pytest.raises(UsageError, match=r"other\.json was made with another salt"):
        changes.merge(ours, other._replace(salt="t"), "other.json")
