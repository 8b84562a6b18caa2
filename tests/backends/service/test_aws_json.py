"""How changes of a JSON secret are put together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from envguard.backends.service.aws_json import _carried, _merged
from envguard.core.secret import Secret

OBJECTS = st.dictionaries(st.sampled_from("ABCDEF"), st.one_of(st.none(), st.integers(0, 2)))


def test_a_change_takes_away_only_what_was_asked() -> None:
    merged = _merged({"A": None, "B": "1", "C": "2"}, {"B": None, "D": Secret("3")})
    assert merged == {"A": None, "C": "2", "D": "3"}


@given(OBJECTS, OBJECTS, OBJECTS)
def test_what_somebody_else_changed_is_carried_and_the_rest_is_ours(
    before: dict[str, object], theirs: dict[str, object], ours: dict[str, object]
) -> None:
    carried = _carried(before, theirs, ours)
    nothing = object()
    for key in "ABCDEF":
        was, their, our = (one.get(key, nothing) for one in (before, theirs, ours))
        assert carried.get(key, nothing) == (our if was == their else their)
