"""The names of objects that are known, in tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.sources import known
from envguard.sources.known import missing

names = st.sets(st.binary(min_size=3, max_size=3), max_size=40)


@pytest.mark.parametrize("few", [0, 5, 1000])
@given(ours=names, others=st.lists(names, max_size=3))
def test_what_is_missing_is_what_no_other_table_has(
    few: int, ours: set[bytes], others: list[set[bytes]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(known, "_FEW", few)
        found = missing(table(ours), [table(other) for other in others], 3)
    assert found == sorted(ours.difference(*others))


def table(some: set[bytes]) -> bytes:
    return b"".join(sorted(some))
