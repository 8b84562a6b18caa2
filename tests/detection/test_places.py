"""Lines and columns, in one walk."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from envguard.detection.places import Places
from tests.detection.oracle import place

TEXTS = st.one_of(
    st.binary(max_size=60),
    st.text("ä€😀a\n\r\t", max_size=40).map(str.encode),
    st.text("ä€😀a\n", max_size=40).map(lambda text: text.encode() + b"\xe2\x82\n\xf0\x9f\xff"),
)


@given(TEXTS, st.lists(st.integers(0, 70), max_size=8))
def test_places_in_order_are_those_that_counting_from_the_start_gives(
    text: bytes, offsets: list[int]
) -> None:
    places = Places(text)
    for offset in sorted(min(offset, len(text)) for offset in offsets):
        assert places.at(offset) == place(text, offset)
        assert places.line_start == text.rfind(b"\n", 0, offset) + 1
