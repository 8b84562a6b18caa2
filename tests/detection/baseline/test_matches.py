"""Which candidates another tool's findings are, and which they are not."""

from __future__ import annotations

import hashlib

import pytest

from envguard.core.document import Document
from envguard.core.secret import Secret
from envguard.detection.baseline.matches import is_same_kind, matched
from envguard.detection.baseline.told import Told
from envguard.detection.detector import Candidate, Detector
from tests.detection.samples import expand

TOKEN = expand("{github:ghp_}", 1).decode()
OTHER = expand("{github:ghp_}", 2).decode()


def sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def found(detector: Detector, text: str, *told: Told) -> list[str]:
    """The values of the candidates of a text that are told of."""
    candidates: list[Candidate] = detector.candidates(Document("a.py", text.encode()))
    assert candidates
    return [m.candidate.secret.reveal() for m in matched(told, candidates, text.encode())]


def test_a_value_is_found_wherever_it_has_moved_in_its_file(detector: Detector) -> None:
    text = f'\n\n\nTOKEN = "{TOKEN}"\n'
    assert found(detector, text, Told("a.py", 1, 1, secret=Secret(TOKEN))) == [TOKEN]
    assert found(detector, text, Told("a.py", 1, 1, sha1=sha1(TOKEN))) == [TOKEN]


def test_another_value_in_the_same_line_is_not_the_one_that_is_told(detector: Detector) -> None:
    text = f'PAIR = "{TOKEN}", "{OTHER}"\n'
    assert found(detector, text, Told("a.py", 1, 1, secret=Secret(TOKEN))) == [TOKEN]
    assert found(detector, text, Told("a.py", 1, 1, sha1=sha1(OTHER))) == [OTHER]
    changed = f'TOKEN = "{OTHER}"\n'
    assert found(detector, changed, Told("a.py", 1, 1, secret=Secret(TOKEN))) == []
    assert found(detector, changed, Told("a.py", 1, 1, sha1=sha1(TOKEN))) == []


@pytest.mark.parametrize("seen", ["{}", '"{}"', "token={}", "https://ada:{}@example.com"])
def test_a_value_that_the_other_tool_cut_otherwise_is_the_same(
    detector: Detector, seen: str
) -> None:
    line = seen.format(TOKEN)
    text = f"see {line} there\n"
    assert found(detector, text, Told("a.py", 1, 1, sha1=sha1(line))) == [TOKEN]
    assert found(detector, text, Told("a.py", 1, 1, secret=Secret(line))) == [TOKEN]


@pytest.mark.parametrize(
    ("told", "is_whole"),
    [
        (Told("a.py", 1, 1, sha1=sha1("ghp")), False),  # as detect-secrets hashes such tokens
        (Told("a.py", 1, 1, sha1=sha1(TOKEN)), True),
        (Told("a.py", 1, 1, secret=Secret(TOKEN[:12])), False),
        (Told("a.py", 1, 1, secret=Secret(TOKEN[4:])), True),
    ],
)
def test_a_match_tells_whether_it_is_by_a_part_that_others_may_have(
    detector: Detector, told: Told, is_whole: bool
) -> None:
    text = f'TOKEN = "{TOKEN}"\n'.encode()
    candidates = detector.candidates(Document("a.py", text))
    assert [m.is_whole for m in matched([told], candidates, text)] == [is_whole]


def test_the_surest_of_several_matches_counts(detector: Detector) -> None:
    text = f'TOKEN = "{TOKEN}"\n'.encode()
    candidates = detector.candidates(Document("a.py", text))
    part, whole = (Told("a.py", 1, 1, sha1=sha1(value)) for value in ("ghp", TOKEN))
    (match,) = matched([part, whole], candidates, text)
    assert match.told == whole


def test_a_hash_elsewhere_in_the_line_is_not_the_candidate(detector: Detector) -> None:
    text = f'name = "shop-1"; TOKEN = "{TOKEN}"\n'
    assert found(detector, text, Told("a.py", 1, 1, sha1=sha1("shop-1"))) == []


def test_a_few_letters_are_no_part_of_a_value_elsewhere(detector: Detector) -> None:
    text = f'\n\nTOKEN = "{TOKEN}"\n'
    assert found(detector, text, Told("a.py", 1, 1, secret=Secret(TOKEN[6:9]))) == []


def test_a_place_means_what_stands_there(detector: Detector) -> None:
    text = f'TOKEN = "{TOKEN}"\nOTHER = "{OTHER}"\n'
    assert found(detector, text, Told("a.py", 2, 2, rule="github-pat")) == [OTHER]
    assert found(detector, text, Told("a.py", 3, 3, rule="github-pat")) == []


def test_a_place_of_another_kind_means_nothing_here(detector: Detector) -> None:
    text = f'TOKEN = "{TOKEN}"\n'
    assert found(detector, text, Told("a.py", 1, 1, rule="stripe-access-token")) == []
    assert found(detector, text, Told("a.py", 1, 1, rule="generic-api-key")) == [TOKEN]


@pytest.mark.parametrize(
    ("theirs", "ours", "same"),
    [
        ("github-pat", "github-token", True),
        ("gcp-api-key", "gcp-api-key", True),
        ("aws-access-token", "aws-access-key-id", True),
        ("aws-access-token", "github-token", False),
        ("generic-api-key", "database-url", True),
        ("slack-webhook-url", "generic-credential", True),
        ("private-key", "private-key", True),
        ("our-own-rule", "github-token", False),
    ],
)
def test_kinds_are_compared_by_whose_credential_it_is(theirs: str, ours: str, same: bool) -> None:
    assert is_same_kind(theirs, ours) is same
