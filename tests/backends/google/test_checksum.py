from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from envguard.backends.google.checksum import _crc32c, crc32c
from tests.servers.google import crc32c as by_definition


@given(st.binary(max_size=300))
def test_the_checksum_is_that_of_its_definition(data: bytes) -> None:
    assert crc32c(data) == _crc32c(data) == by_definition(data)


def test_the_checksum_is_the_published_one() -> None:
    """The test vectors of RFC 3720, appendix B.4."""
    assert _crc32c(bytes(32)) == 0x8A9136AA
    assert _crc32c(b"\xff" * 32) == 0x62A8AB43
    assert _crc32c(bytes(range(32))) == 0x46DD794E
