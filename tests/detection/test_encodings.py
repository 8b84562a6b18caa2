"""A byte-order mark says how a text is to be read."""

from __future__ import annotations

import codecs

import pytest

from envguard.core.document import Document
from envguard.detection.detector import Detector
from envguard.detection.encodings import decoded
from tests.detection.samples import expand


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_token_is_found_in_every_encoding_with_a_mark(
    detector: Detector, mark: bytes, encoding: str
) -> None:
    token = expand("{github:ghp_}").decode()
    text = f"# zwölf\r\nTOKEN={token}\r\n"
    (found,) = detector.candidates(Document("a.ps1", mark + text.encode(encoding)))
    assert (found.rule.id, found.line, found.column) == ("github-token", 2, 7)
    assert found.secret.reveal() == token
    assert found.decoded == encoding


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_told_without_a_mark(detector: Detector, encoding: str) -> None:
    token = expand("{github:ghp_}").decode()
    text = f"# zwölf €\r\nTOKEN={token}\r\n".encode(encoding)
    (found,) = detector.candidates(Document("a.ps1", text))
    assert (found.rule.id, found.line, found.column) == ("github-token", 2, 7)
    assert (found.secret.reveal(), found.decoded) == (token, encoding)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"\xef\xbb\xbfK=1",
        b"K=1",
        b"\0" * 2000,
        b"a\0",
        b"ab\0\0" * 500,
        b"\0abc" + b"def" * 900,
        bytes(range(256)) * 9,
    ],
)
def test_a_text_without_such_a_mark_is_not_decoded(text: bytes) -> None:
    assert decoded(text) is None


def test_a_false_mark_hides_nothing(detector: Detector) -> None:
    text = codecs.BOM_UTF16_LE + expand("T={github:ghp_}\n")
    assert [c.rule.id for c in detector.candidates(Document("a", text))] == ["github-token"]


def test_what_cannot_be_decoded_does_not_hide_the_rest(detector: Detector) -> None:
    token = expand("{github:ghp_}").decode()
    broken = codecs.BOM_UTF16_LE + f"T={token}\n".encode("utf-16-le") + b"\x00\xd8\x01"
    assert [c.rule.id for c in detector.candidates(Document("a", broken))] == ["github-token"]
