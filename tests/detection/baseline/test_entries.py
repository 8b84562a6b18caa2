"""What is known of a value, and which of two entries counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from envguard.detection.baseline.entries import Baseline, Entry, State, joined

FINGERPRINTS = st.sampled_from(["0" * 32, "1" * 32, "a" * 32])
TIMES = st.sampled_from(["2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z", "2027-01-01T00:00:00Z"])
ENTRIES = st.builds(
    Entry,
    fingerprint=FINGERPRINTS,
    state=st.sampled_from(State),
    reason=st.sampled_from(["", "a test key"]),
    at=TIMES,
    until=st.one_of(st.just(""), TIMES),
)


@given(st.lists(ENTRIES, max_size=8))
def test_two_branches_give_the_same_whichever_is_merged_into_the_other(
    entries: list[Entry],
) -> None:
    assert joined(entries) == joined(entries[::-1])


@given(st.lists(ENTRIES, max_size=8))
def test_entries_are_in_the_order_of_their_fingerprints(entries: list[Entry]) -> None:
    found = joined(entries)
    assert list(found) == sorted({entry.fingerprint for entry in entries})


def test_what_was_decided_counts_before_what_came_later_and_was_not() -> None:
    decided = Entry("0" * 32, State.ACCEPTED, at="2026-11-20T10:00:00Z")
    taken_in = Entry("0" * 32, State.UNREVIEWED, at="2026-11-21T10:00:00Z")
    assert joined([decided, taken_in]) == {"0" * 32: decided}


def test_of_two_decisions_the_later_counts_and_at_the_same_time_the_stricter() -> None:
    early = Entry("0" * 32, State.ROTATE, at="2026-11-20T10:00:00Z")
    late = Entry("0" * 32, State.FALSE_POSITIVE, at="2026-11-21T10:00:00Z")
    assert joined([late, early]) == {"0" * 32: late}
    strict = late._replace(state=State.ROTATE)
    assert joined([strict, late]) == {"0" * 32: strict}


def test_an_entry_holds_until_the_moment_that_it_names() -> None:
    entry = Entry("0" * 32, State.ACCEPTED, until="2027-01-31T00:00:00Z")
    assert not entry.has_expired("2027-01-30T23:59:59Z")
    assert entry.has_expired("2027-01-31T00:00:00Z")
    assert not entry._replace(until="").has_expired("2999-01-01T00:00:00Z")


def test_an_entry_says_who_decided_what_until_when_and_why() -> None:
    entry = Entry(
        "0" * 32,
        State.ACCEPTED,
        reason="a test key",
        who="Ada",
        until="2027-01-31T00:00:00Z",
    )
    assert entry.told() == "accepted by Ada until 2027-01-31: a test key"
    assert Entry("0" * 32).told() == "unreviewed"


def test_entries_replace_those_of_the_same_value_and_leave_the_others() -> None:
    old, other = Entry("0" * 32), Entry("1" * 32)
    new = old._replace(state=State.ACCEPTED)
    baseline = Baseline("salt").with_entries([old, other]).with_entries([new])
    assert baseline.entries == {"0" * 32: new, "1" * 32: other}
    assert baseline.without(["0" * 32]).entries == {"1" * 32: other}
