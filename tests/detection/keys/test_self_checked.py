"""Keys that carry their own checksum: published ones pass, changed ones do not."""

from __future__ import annotations

import pytest

from envguard.detection.keys.self_checked import age, base58check, nkey
from tests.detection import samples

# From the documentation of each format, in two pieces: they open nothing.
PUBLISHED_KEYS = [
    # https://en.bitcoin.it/wiki/Wallet_import_format
    "5HueCGU8rMjxEXxiPuD5BDku" + "4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",
    "KwdMAjGmerYanjeui5SHS7Jk" + "mpZvVipYvB2LJGU1ZxJwYvP98617",
    # BIP 32, test vector 1
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPP"
    + "qjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
]
# https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/nkey_auth
PUBLISHED_SEED = "SUACSSL3UAHUDXKFSNVUZRF5UHPMW" + "Z6BFDTJ7M6USDXIEDNPPQYYYCU3VY"


@pytest.mark.parametrize("key", PUBLISHED_KEYS, ids=["WIF", "compressed WIF", "xprv"])
def test_the_published_keys_of_bitcoin_pass(key: str) -> None:
    assert base58check(key.encode())
    for place in (0, 8, len(key) // 2, len(key) - 1):
        other = "2" if key[place] != "2" else "3"
        assert not base58check((key[:place] + other + key[place + 1 :]).encode()), place


def test_an_address_is_no_key_though_its_checksum_is_right() -> None:
    # BIP 32, test vector 1: the public one
    public = (
        "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsef"
    )
    assert not base58check((public + "D265TMg7usUDFdp6W1EGMcet8").encode())
    assert not base58check(b"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2")
    assert not base58check(samples.base58check(b"\x80" + bytes(30)).encode())


def test_the_published_seed_of_nats_passes() -> None:
    assert nkey(PUBLISHED_SEED.encode())
    assert not nkey(PUBLISHED_SEED[:-1].encode())
    assert not nkey(b"SB" + PUBLISHED_SEED[2:].encode())
    assert not nkey(("SU" + PUBLISHED_SEED[3:] + "A").encode())


@pytest.mark.parametrize("kind", "ACNOUX")
def test_a_seed_of_each_kind_passes(kind: str) -> None:
    assert nkey(samples.nkey(samples.seeded(kind), kind).encode())


def test_a_seed_of_a_kind_that_does_not_exist_does_not_pass() -> None:
    assert not nkey(samples.nkey(samples.seeded(1), "B").encode())


def test_upper_and_lower_letters_make_the_same_age_identity() -> None:
    key = samples.age(samples.seeded(1), "")
    assert age(key.encode())
    assert age(key.lower().encode())
