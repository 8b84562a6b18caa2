"""Fingerprints: stable, salted, and slow to guess where the value is weak."""

from __future__ import annotations

import hashlib
import hmac
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.core.secret import Secret
from envguard.detection.fingerprint import Fingerprinter, bits
from tests.detection import samples

STRONG = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"
WEAK = "hunter2"


def of(value: str, salt: str = "shop") -> str:
    return Fingerprinter(salt).of(Secret(value))


def test_known_answers_never_change() -> None:
    """Baselines hold them: whoever changes one of these breaks every baseline there is."""
    assert of(STRONG) == "1823f1f9d60e2ac23deb112d39a67484"
    assert of(WEAK) == "bcb0e7f8ff9a730ab6cbd9bf9d6edac8"
    assert of("pässwörd") == "726074141721f4266f151c9d7ef64ed1"


def test_the_strong_answer_is_what_the_documentation_says() -> None:
    salt = b"envguard fingerprint v1\0shop"
    assert of(STRONG) == hmac.digest(salt, STRONG.encode(), "sha256")[:16].hex()


def test_the_weak_answer_takes_scrypt() -> None:
    salt = b"envguard fingerprint v1\0shop"
    slow = hashlib.scrypt(WEAK.encode(), salt=salt, n=2**13, r=8, p=1, dklen=32)
    assert of(WEAK) == hmac.digest(salt, slow, "sha256")[:16].hex()
    assert of(WEAK) != hmac.digest(salt, WEAK.encode(), "sha256")[:16].hex()


@settings(max_examples=30)
@given(st.text(max_size=60))
def test_a_fingerprint_is_a_name_and_no_plain_hash(value: str) -> None:
    try:
        data = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return
    name = of(value)
    assert re.fullmatch("[0-9a-f]{32}", name)
    assert name == of(value)
    assert name != of(value, "other")
    for hashed in (hashlib.md5, hashlib.sha1, hashlib.sha256):
        assert not hashed(data).hexdigest().startswith(name)


def test_bytes_that_are_no_utf8_have_a_fingerprint_of_their_own() -> None:
    assert of("caf\udce9") != of("café")


@pytest.mark.parametrize(
    "value",
    [
        *("", "a", "hunter2", "Summer2024!", "correct horse battery staple", "12345678"),
        *("MyCompanyName2024Production!", "Passwordpassword12345678", "P@ssw0rd-P@ssw0rd-P@ssw0rd"),
        *("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1", "correcthorsebatterystaple"),
        "the-quick-brown-fox-jumps-over",
    ],
)
def test_what_people_choose_counts_as_weak(value: str) -> None:
    assert bits(value) < 64


@pytest.mark.parametrize("alphabet", ["alnum", "hex", "base64", "word"])
def test_what_a_generator_made_counts_as_strong(alphabet: str) -> None:
    for seed in range(200):
        assert bits(samples.letters(samples.seeded(seed), samples.ALPHABETS[alphabet], 48)) >= 64


def test_equal_values_cost_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bytes] = []
    scrypt = hashlib.scrypt

    def counted(content: bytes, **options: int) -> bytes:
        calls.append(content)
        return scrypt(content, **options)  # type: ignore[call-overload, no-any-return]  # as given

    monkeypatch.setattr(hashlib, "scrypt", counted)
    names = Fingerprinter("shop")
    assert len({names.of(Secret(WEAK)) for _ in range(5)}) == 1
    names.of(Secret(STRONG))
    assert calls == [WEAK.encode()]


def test_nothing_shows_the_values_that_were_named() -> None:
    names = Fingerprinter("shop")
    names.of(Secret(WEAK))
    assert WEAK not in repr(names) + repr(vars(names))
