"""A seal fits the very text that it was made of, under the key that made it."""

from __future__ import annotations

from envguard.journal.seal import Seal

ONE, OTHER = Seal(bytes(32)), Seal(bytes(range(32)))


def test_a_seal_fits_its_text_and_no_other() -> None:
    made = ONE.of(b"text")
    assert ONE.fits(b"text", made)
    assert not ONE.fits(b"texts", made)
    assert not OTHER.fits(b"text", made)
    assert not ONE.fits(b"text", "")


def test_keys_are_told_apart_and_not_given_away() -> None:
    assert ONE.key_id != OTHER.key_id
    assert len(ONE.key_id) == 16
    assert ONE.key_id not in ONE.of(b"")
