"""Our HMAC is that of the standard library."""

from __future__ import annotations

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from envguard.core.mac import compare_digest, hmac_sha256, sha256


@given(key=st.binary(max_size=200), message=st.binary(max_size=300))
def test_it_is_the_standard_librarys(key: bytes, message: bytes) -> None:
    assert hmac_sha256(key, message) == hmac.digest(key, message, "sha256")
    assert sha256(message).digest() == hashlib.sha256(message).digest()


def test_a_case_of_the_rfc() -> None:
    # RFC 4231, section 4.3.
    found = hmac_sha256(b"Jefe", b"what do ya want for nothing?").hex()
    assert found == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_equal_is_equal() -> None:
    assert compare_digest(b"a", b"a")
    assert not compare_digest(b"a", b"b")
