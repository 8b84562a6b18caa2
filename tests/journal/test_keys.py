from __future__ import annotations

import hmac

from envguard.journal.keys import derive


def test_a_key_is_hkdf_by_its_rfc() -> None:
    # RFC 5869 by hand: extract with a salt of 32 zero bytes, one block of expand.
    root, info = b"k" * 32, b"envguard backup v1"
    extracted = hmac.new(bytes(32), root, "sha256").digest()
    assert derive(root, info) == hmac.new(extracted, info + b"\x01", "sha256").digest()
