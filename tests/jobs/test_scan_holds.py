"""Which content holds which credential, also of what is remembered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pytest

from envguard.core.document import Document
from envguard.detection.detector import Candidate
from envguard.detection.findings import key
from envguard.detection.prepare import standard
from envguard.jobs.scan.holds import ChangedError, Holds, namer
from tests.jobs.scans import Scanner, leak

STRONG, OTHER = leak(1), leak(2)
WEAK, WEAKER = 'password = "s3cr3t!X1"\n', 'password = "0therPa55!"\n'


class Contents:
    """Texts by their ids, and which of them were read again."""

    def __init__(self, folder: Path, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.detector = standard(folder)
        self.again: list[str] = []

    def candidates(self, names: Collection[str]) -> dict[str, Sequence[Candidate]]:
        return {
            name: self.detector.candidates(Document("", self.texts[name].encode()))
            for name in names
            if name in self.texts
        }

    def read_again(self, names: Collection[str]) -> dict[str, Sequence[Candidate]]:
        self.again += names
        return self.candidates(names)


TEXTS = {
    "one": STRONG + WEAK,
    "two": WEAKER,
    "three": OTHER,
    "four": WEAKER + OTHER,
}


@pytest.fixture
def contents(scan: Scanner) -> Contents:
    return Contents(scan.folders.cache, TEXTS)


def remembered(contents: Contents, key: bytes = b"key") -> Holds:
    """What holds the first three texts, as it comes back from a memory."""
    before = Holds(name_of=namer(key))
    before.add(contents.candidates(["one", "two", "three"]), {})
    return Holds(before.credentials(), before.sights, {}, namer(key), contents.read_again)


def test_equal_values_have_one_number(contents: Contents) -> None:
    holds = Holds()
    holds.add(contents.candidates([*TEXTS]), {})
    numbers = {name: sorted(found) for name, found in holds.numbers().items()}
    assert numbers == {"one": [0, 1], "two": [2], "three": [3], "four": [2, 3]}


def test_a_strong_value_is_found_again_without_reading(contents: Contents) -> None:
    holds = remembered(contents)
    holds.add({"new": contents.candidates(["three"])["three"]}, {})
    assert holds.numbers()["new"] == holds.numbers()["three"]
    assert contents.again == []


def test_a_weak_value_is_found_again_by_reading_one_content_of_each(contents: Contents) -> None:
    holds = remembered(contents)
    holds.add({"new": contents.candidates(["two"])["two"]}, {})
    assert holds.numbers()["new"] == holds.numbers()["two"]
    assert sorted(contents.again) == ["one", "two"]
    near = remembered(contents)
    contents.again.clear()
    near.add({"new": contents.candidates(["two"])["two"]}, {}, near=["two"])
    assert near.numbers()["new"] == near.numbers()["two"]
    assert contents.again == ["two"]


def test_a_new_value_has_a_new_number(contents: Contents) -> None:
    holds = remembered(contents)
    new = Document("", f'{leak(7)}password = "n3wPa55word!"\n'.encode())
    holds.add({"new": contents.detector.candidates(new)}, {})
    assert holds.numbers()["new"] == {4, 5}


def test_only_what_cannot_be_guessed_has_a_name(contents: Contents) -> None:
    holds = remembered(contents)
    names = [credential.name for credential in holds.credentials()]
    assert [len(name) for name in names] == [16, 0, 0, 16]
    others = [credential.name for credential in remembered(contents, b"other").credentials()]
    assert not set(filter(None, names)) & set(others)


def test_a_content_that_gives_something_else_is_noticed(contents: Contents) -> None:
    holds = remembered(contents)
    for text in ("", OTHER, WEAK + WEAKER):
        contents.texts = {**TEXTS, "two": text}
        with pytest.raises(ChangedError):
            holds.read(["two"])
    contents.texts = {}
    with pytest.raises(ChangedError):
        holds.read(["two"])


def test_the_candidates_of_what_is_remembered_are_read_when_they_are_asked_for(
    contents: Contents,
) -> None:
    holds = remembered(contents)
    (number,) = holds.numbers()["two"]
    (found,) = holds.candidates("two", number)
    assert key(found)[1].reveal() == "0therPa55!"
    assert contents.again == ["two"]
