"""Digests of our own files."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from envguard.core.digest import DIGEST_SIZE, digest

PARTS = st.lists(st.binary(max_size=4), max_size=4)


@given(PARTS, PARTS)
def test_only_the_same_parts_have_the_same_digest(some: list[bytes], others: list[bytes]) -> None:
    assert (digest(*some) == digest(*others)) == (some == others)


def test_a_cut_at_another_place_is_another_digest() -> None:
    assert len({digest(b"ab", b"c"), digest(b"a", b"bc"), digest(b"abc"), digest(b"abc", b"")}) == 4


def test_it_is_the_blake2b_of_hashlib_whichever_module_gives_it() -> None:
    packed = (1).to_bytes(8, "big") + b"a" + (2).to_bytes(8, "big") + b"bc"
    expected = hashlib.blake2b(packed, digest_size=DIGEST_SIZE).digest()
    assert digest(b"a", b"bc") == expected
