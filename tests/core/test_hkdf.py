"""HKDF gives what its RFC publishes."""

from __future__ import annotations

import pytest

from envguard.core.hkdf import hkdf

# RFC 5869, appendix A.1 to A.3: key, salt, info, length, output.
HKDF_VECTORS = [
    (
        bytes([0x0B] * 22),
        bytes(range(13)),
        bytes(range(0xF0, 0xFA)),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        bytes(range(0x50)),
        bytes(range(0x60, 0xB0)),
        bytes(range(0xB0, 0x100)),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65"
        "e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    ),
    (
        bytes([0x0B] * 22),
        b"",
        b"",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
]


@pytest.mark.parametrize(("key", "salt", "info", "output"), HKDF_VECTORS)
def test_hkdf_gives_the_published_vectors(
    key: bytes, salt: bytes, info: bytes, output: str
) -> None:
    assert hkdf(key, salt, info, len(output) // 2).hex() == output


def test_hkdf_refuses_more_than_it_can_give() -> None:
    assert len(hkdf(b"k", b"s", b"", 8160)) == 8160
    with pytest.raises(ValueError, match="8160"):
        hkdf(b"k", b"s", b"", 8161)
