"""Keys of Azure: Marvin32 against its published answers, and keys of each service."""

from __future__ import annotations

import pytest

from envguard.detection.keys.identifiable import identifiable, marvin32
from tests.detection import samples


@pytest.mark.parametrize(
    ("seed", "text", "answer"),
    [
        # https://github.com/microsoft/SymCrypt/blob/main/lib/marvin32.c, and
        # https://github.com/skeeto/marvin32
        (0xD53CD9CECD0893B7, b"abc", 0x22C74339492769BF),
        (0xDDDDEEEEFFFF000, b"abcdefghijklmnopqrstuvwxyz", 0xA128EB7E7260ACA2),
        (0x004FB61A001BDBCC, b"", 0x30ED35C100CD3C7D),
        (0x004FB61A001BDBCC, b"\x86\x42\xdc\x59", 0x7008F2E87E9CF556),
        (0x004FB61A001BDBCC, b"\xab\x42\x7e\xa8\xd1\x0f\xc7", 0xE11847E4F0678C41),
        (0x804FB61A801BDBCC, b"\xff\x00", 0xBDFB46D969730E2A),
    ],
)
def test_marvin_gives_the_published_answers(seed: int, text: bytes, answer: int) -> None:
    low, high = marvin32(text, seed)
    assert high << 32 | low == answer


@pytest.mark.parametrize(
    ("letters", "end"),
    [
        # Test keys of https://github.com/microsoft/security-utilities: one letter, over and over.
        ("a" * 76, "+ASt5mnCaw=="),
        ("a" * 76, "ACDbOpqrYA=="),
        ("a" * 76, "+AMCFNqWyA=="),
        ("a" * 76, "APIMHbKhsQ=="),
        ("a" * 76, "+ABa13FZVQ=="),
        ("a" * 42, "AzSeCjhzCu"),
        ("d" * 42, "+ACRCUDxQE"),
        ("d" * 44, "AzFu182vhA=="),
        ("a" * 33, "+ARmD7h+qo="),
        ("a" * 33, "+AEhG2s/8w="),
        ("a" * 33, "+ASbHpHeAI="),
        ("a" * 33, "AIoTOumzco="),
        ("b" * 33, "AZEGLiQbng="),
    ],
)
def test_the_published_keys_pass_and_others_do_not(letters: str, end: str) -> None:
    assert identifiable((letters + end).encode())
    assert not identifiable((letters[:-1] + "c" + end).encode())
    assert not identifiable((letters + end.replace("A", "B")).encode())


@pytest.mark.parametrize("service", samples.AZURE)
def test_a_key_of_each_service_passes_under_its_own_signature_only(service: str) -> None:
    key = samples.azure(samples.seeded(3), service)
    signature = samples.AZURE[service][1].decode()
    assert identifiable(key.encode())
    assert not identifiable(key.replace(signature, "ABCD").encode())
