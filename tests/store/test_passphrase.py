"""What a passphrase protects."""

from __future__ import annotations

import hashlib

import pytest

from envguard.core.secret import Secret
from envguard.store import passphrase
from envguard.store.passphrase import WrongPassphraseError, unwrap, wrap


def test_scrypt_is_the_published_one() -> None:
    # RFC 7914, section 12, the third vector.
    found = hashlib.scrypt(
        b"pleaseletmein", salt=b"SodiumChloride", n=16384, r=8, p=1, maxmem=1 << 26, dklen=64
    )
    assert found.hex().startswith("7023bdcb3afd7348461c06cd81fd38eb")


def test_what_was_wrapped_comes_back_under_the_same_passphrase_only() -> None:
    text = wrap(b"content", Secret("phrase"))
    assert unwrap(text, Secret("phrase")) == b"content"
    assert wrap(b"content", Secret("phrase")) != text
    for wrong in ("Phrase", "phrase ", ""):
        with pytest.raises(WrongPassphraseError):
            unwrap(text, Secret(wrong))


def test_parameters_outside_their_bounds_are_refused_before_they_cost_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = wrap(b"content", Secret("phrase"))

    def fail(*_: object) -> None:
        raise AssertionError("a key was derived")

    monkeypatch.setattr(passphrase, "_sealer", fail)
    for wrong in (
        text.replace("$17$", "$14$"),
        text.replace("$17$", "$21$"),
        text.replace("$17$", "$99$"),
        text.replace("$8$1$", "$9$1$"),
        text.replace("$8$1$", "$8$2$"),
        text[:-1] + "x",
        "scrypt",
        "",
    ):
        with pytest.raises(WrongPassphraseError):
            unwrap(wrong, Secret("phrase"))


def test_a_parameter_that_was_changed_opens_nothing() -> None:
    text = wrap(b"content", Secret("phrase"))
    with pytest.raises(WrongPassphraseError):
        unwrap(text.replace("$17$", "$15$"), Secret("phrase"))
