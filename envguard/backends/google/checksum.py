"""CRC32C (Castagnoli, RFC 3720, appendix B.4), by which Secret Manager and we check payloads."""

from __future__ import annotations

_POLYNOMIAL = 0x82F63B78  # reflected


def crc32c(data: bytes) -> int:
    """The checksum, by google-crc32c where it is installed, which is a hundred times as fast."""
    try:
        import google_crc32c  # noqa: PLC0415 - an extra
    except ImportError:
        return _crc32c(data)
    return int(google_crc32c.value(data))


def _crc32c(data: bytes) -> int:
    table = _table()
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _table() -> list[int]:
    table = []
    for crc in range(256):
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)  # noqa: PLW2901 - bit by bit
        table.append(crc)
    return table
