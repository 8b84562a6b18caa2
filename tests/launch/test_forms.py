"""The forms in which a value is looked for."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.launch.forms import SHORTEST, forms, may_be_shown

VALUE = "Zä/+ &<'\"\\\t~?x=%1"
LINES = "first-line\nsecond-line\r\n  third-line  \nno\n"


def found_in(text: bytes | str, value: str) -> bool:
    """Whether some form of the value is in a text."""
    text = text.encode() if isinstance(text, str) else text
    return any(form in text for form in forms(value))


@pytest.mark.parametrize(
    "written",
    [
        VALUE,
        quote(VALUE),
        quote(VALUE, safe=""),
        quote_plus(VALUE),
        re.sub("%..", lambda code: code[0].lower(), quote(VALUE, safe="")),
        json.dumps(VALUE),
        json.dumps(VALUE, ensure_ascii=False),
        json.dumps(VALUE).replace("/", "\\/"),
        json.dumps(VALUE, ensure_ascii=False).replace("&", "\\u0026").replace("<", "\\u003c"),
        VALUE.encode().hex(),
        VALUE.encode().hex().upper(),
    ],
    ids=ascii,
)
def test_a_value_is_found_as_programs_write_it(written: str) -> None:
    assert found_in(f"before {written} after", VALUE)


@given(
    st.text(min_size=SHORTEST, max_size=200),
    st.binary(max_size=5),
    st.binary(max_size=5),
    st.booleans(),
)
def test_a_value_is_found_in_base64_wherever_it_begins(
    value: str, before: bytes, after: bytes, url: bool
) -> None:
    value = "(" + value.replace("\n", "").replace("\r", "") + ")"
    encode = base64.urlsafe_b64encode if url else base64.b64encode
    raw = value.encode("utf-8", "surrogatepass")
    if raw.decode("utf-8", "replace") == value:
        assert found_in(encode(before + raw + after), value)


@pytest.mark.parametrize("columns", [64, 76])
@pytest.mark.parametrize("length", [48, 49, 57, 58, 100, 500])
def test_each_line_of_wrapped_base64_is_found(length: int, columns: int) -> None:
    value = "".join(chr(33 + n * 7 % 90) for n in range(length))
    encoded = base64.b64encode(value.encode()).decode()
    for start in range(0, len(encoded), columns):
        line = encoded[start : start + columns]
        # The very last characters depend on the end, and are too few.
        assert len(line.rstrip("=")) <= SHORTEST + 1 or found_in(line, value), (line, start)


def test_each_line_of_a_value_is_found_alone_and_in_each_form() -> None:
    for line in ("first-line", "second-line", "third-line"):
        assert found_in(f"x{line}x", LINES)
        assert found_in(base64.b64encode(line.encode()), LINES)
        assert found_in(line.encode().hex(), LINES)
    assert not found_in("no", LINES)
    for whole in (LINES.strip(), LINES.strip().replace("\r", "").replace("\n", "\r\n")):
        assert any(form == whole.encode() for form in forms(LINES))


@pytest.mark.parametrize("value", ["", "1", "8081", "true", "65535", "  two \n", "\n\n"])
def test_what_is_too_short_has_no_form(value: str) -> None:
    assert forms(value) == {}


def test_lines_that_are_too_short_have_none_but_the_whole_has() -> None:
    assert b"ab\ncd\nef" in forms("ab\ncd\nef")
    assert all(b"ab" not in form or b"cd" in form for form in forms("ab\ncd\nef"))


def test_bytes_that_are_no_text_are_found_too() -> None:
    value = b"\xff\xfesecret\x80".decode("utf-8", "surrogateescape")
    assert found_in(b"..\xff\xfesecret\x80..", value)
    assert found_in(b"fffe73656372657480", value)


@given(st.integers(min_value=SHORTEST, max_value=10_000))
def test_what_may_be_shown_leaves_most_of_a_value_hidden(length: int) -> None:
    shown = may_be_shown(length)
    assert 1 <= shown <= 16
    assert shown <= length // 4 or (shown <= length // 2 and length - shown >= 11)


@given(st.text(max_size=100))
def test_every_form_can_be_looked_for(value: str) -> None:
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return  # no environment can hold it
    for form, shown in forms(value).items():
        assert len(form) >= SHORTEST
        assert 0 < shown < len(form)
        assert shown <= len(form) // 2
