from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.hkdf import hkdf
from envguard.store.cipher import AESGCM, ForgedError, Keys, Purpose, pack, unpack
from envguard.store.keys import RootKey

STORE = bytes(range(16))

# "The Galois/Counter Mode of Operation", D. McGrew and J. Viega (submitted to NIST), appendix B,
# test cases 13, 14 and 16: key, nonce, associated data, plaintext, ciphertext, tag.
GCM_VECTORS = [
    ("00" * 32, "00" * 12, "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
    (
        "00" * 32,
        "00" * 12,
        "",
        "00" * 16,
        "cea7403d4d606b6e074ec5d3baf39d18",
        "d0d1c8a799996bf0265b98b5d48ab919",
    ),
    (
        "feffe9928665731c6d6a8f9467308308" * 2,
        "cafebabefacedbaddecaf888",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
        "76fc6ece0f4e1768cddf8853bb2d551b",
    ),
]


@pytest.mark.parametrize("vector", GCM_VECTORS)
def test_aes_gcm_gives_the_published_vectors(vector: tuple[str, ...]) -> None:
    key, nonce, data, plain, sealed, tag = map(bytes.fromhex, vector)
    assert AESGCM(key).encrypt(nonce, plain, data) == sealed + tag


def test_sealing_is_aes_gcm_under_the_derived_key_with_everything_associated() -> None:
    root = RootKey(bytes(32))
    sealed = Keys(root, STORE, "shop").seal(Purpose.VALUE, b"plain", "NAME", 7)
    derived = hkdf(bytes(32), STORE, pack(1, "value", "shop"))
    data = pack(1, "value", STORE, "shop", root.id, "NAME", 7)
    assert AESGCM(derived).decrypt(sealed[:12], sealed[12:], data) == b"plain"


@given(st.binary(max_size=100), st.text(), st.integers(0, 2**63))
def test_what_was_sealed_opens_and_never_looks_the_same_twice(
    plain: bytes, name: str, version: int
) -> None:
    keys = Keys(RootKey(bytes(32)), STORE, "shop")
    sealed = keys.seal(Purpose.VALUE, plain, name, version)
    assert keys.open(Purpose.VALUE, sealed, name, version) == plain
    assert keys.seal(Purpose.VALUE, plain, name, version)[:12] != sealed[:12]


def test_another_context_opens_nothing() -> None:
    root = RootKey(bytes(32))
    keys = Keys(root, STORE, "shop")
    sealed = keys.seal(Purpose.VALUE, b"plain", "NAME", 1)
    for other, purpose, context in [
        (keys, Purpose.VALUE, ("NAME", 2)),
        (keys, Purpose.VALUE, ("NAMES", 1)),
        (keys, Purpose.HEAD, ("NAME", 1)),
        (Keys(root, STORE, "shop2"), Purpose.VALUE, ("NAME", 1)),
        (Keys(root, STORE[::-1], "shop"), Purpose.VALUE, ("NAME", 1)),
        (Keys(RootKey(b"1" * 32), STORE, "shop"), Purpose.VALUE, ("NAME", 1)),
    ]:
        with pytest.raises(ForgedError):
            other.open(purpose, sealed, *context)


def test_no_changed_or_shortened_byte_opens() -> None:
    keys = Keys(RootKey(bytes(32)), STORE, "shop")
    sealed = keys.seal(Purpose.VALUE, b"plain", "NAME", 1)
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(ForgedError):
            keys.open(Purpose.VALUE, bytes(changed), "NAME", 1)
        with pytest.raises(ForgedError):
            keys.open(Purpose.VALUE, sealed[:at], "NAME", 1)


def test_each_purpose_store_and_namespace_has_a_key_of_its_own() -> None:
    root = RootKey(bytes(32))
    sets = [Keys(root, STORE, ""), Keys(root, STORE, "shop"), Keys(root, STORE[::-1], "shop")]
    macs = {keys.mac(purpose, "same") for keys in sets for purpose in Purpose}
    assert len(macs) == len(sets) * len(Purpose)


def test_a_mac_verifies_only_over_the_same_fields() -> None:
    keys = Keys(RootKey(bytes(32)), STORE, "shop")
    mac = keys.mac(Purpose.STATE, "ab", "c")
    keys.verify(mac, Purpose.STATE, "ab", "c")
    for fields in [("a", "bc"), ("abc",), ("ab", "c", "")]:
        with pytest.raises(ForgedError):
            keys.verify(mac, Purpose.STATE, *fields)


@given(st.lists(st.binary(max_size=20)), st.lists(st.binary(max_size=20)))
def test_packed_fields_come_apart_in_one_way(one: list[bytes], other: list[bytes]) -> None:
    assert unpack(pack(*one)) == one
    assert (pack(*one) == pack(*other)) == (one == other)


@given(st.binary(max_size=40))
def test_unpacking_gives_what_packs_the_same_or_fails(packed: bytes) -> None:
    try:
        fields = unpack(packed)
    except ForgedError:
        return
    assert pack(*fields) == packed
