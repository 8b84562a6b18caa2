"""Findings: which candidates are kept, and that no value is in them."""

from __future__ import annotations

from envguard.core.document import Document
from envguard.core.rule import Confidence
from envguard.detection.detector import Candidate, Detector
from envguard.detection.findings import describe, key, likely
from envguard.detection.fingerprint import Fingerprinter
from tests.detection import samples

TOKEN = samples.expand("{github:ghp_}").decode()
PASSWORD = "tr0ub4dor&3x"
TEXT = f'a = 1\n  password_hint = "{PASSWORD}"\ntoken = "{TOKEN}"\n'.encode()


def found(detector: Detector) -> list[Candidate]:
    return detector.candidates(Document("", TEXT))


def test_those_of_too_little_confidence_are_left_out(detector: Detector) -> None:
    candidates = found(detector)

    def rules(path: str, minimum: Confidence) -> list[str]:
        return [c.rule.id for c, _ in likely(candidates, path, minimum)]

    assert rules("a.py", Confidence.MEDIUM) == ["generic-credential", "github-token"]
    assert rules("a.py", Confidence.HIGH) == ["github-token"]
    assert rules("tests/a.py", Confidence.LOW) == ["generic-credential", "github-token"]


def test_a_finding_says_where_and_what_but_not_the_value(detector: Detector) -> None:
    fingerprints = Fingerprinter("salt")
    for candidate, confidence in likely(found(detector), "a.py", Confidence.LOW):
        finding = describe(candidate, confidence, "a.py", fingerprints)
        assert (finding.path, finding.line) == ("a.py", candidate.line)
        assert (finding.column, finding.end_column) == (candidate.column, candidate.end_column)
        assert finding.confidence is confidence
        assert finding.title == candidate.rule.title
        assert finding.fingerprint == fingerprints.of(candidate.secret)
        shown = repr([finding, candidate, key(candidate), vars(fingerprints)])
        assert candidate.secret.reveal() not in shown
        assert candidate.secret.reveal()[5:-5] not in shown


def test_one_credential_in_two_places_has_one_key(detector: Detector) -> None:
    first, second = detector.candidates(Document("", f"{TOKEN}\n {TOKEN}".encode()))
    assert key(first) == key(second)
    assert len({key(c) for c in found(detector)}) == 2
