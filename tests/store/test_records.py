from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.errors import NameNotAllowed
from envguard.core.reference import Reference, parse_reference
from envguard.store.cipher import ForgedError
from envguard.store.records import Head, NewerFormatError, Space, check_name, decode, encode, peek


def test_a_head_is_read_back() -> None:
    head = Head("NAME", 3, "2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z", first=2, deleted=True)
    assert decode(Head, encode(head)).name == "NAME"
    assert decode(Head, encode(head)).first == 2
    assert decode(Head, encode(head)).deleted


def test_a_missing_field_has_its_default_and_an_unknown_one_is_from_a_newer_envguard() -> None:
    assert decode(Space, b'{"generation":2}') == Space(generation=2)
    with pytest.raises(NewerFormatError):
        decode(Space, b'{"heads":2,"trail":"00"}')


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"7", b"\xff\xfe{", b"[" * 100_000])
def test_a_record_that_is_not_verified_yet_may_be_anything(data: bytes) -> None:
    with pytest.raises(ForgedError):
        peek(data)


@pytest.mark.parametrize("name", ["A", "database-password", "app/db.url:1", "ключ", "x" * 512])
def test_a_name_may_be_any_printable_text(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "x" * 513, "a b", "a#b", "a@b", "a\nb", "a\x00", "\u202ea"])
def test_a_name_that_could_not_be_referred_to_or_shown_is_refused(name: str) -> None:
    with pytest.raises(NameNotAllowed) as caught:
        check_name(name)
    assert caught.value.what.isprintable()
    assert caught.value.hint


@given(st.text(min_size=1, max_size=20))
def test_each_name_allowed_can_be_written_as_a_reference(name: str) -> None:
    try:
        check_name(name)
    except NameNotAllowed:
        return
    assert parse_reference(f"secret:{name}") == Reference("secret", name)
