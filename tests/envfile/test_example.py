"""The example shows every key and no secret, and what people wrote in it stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.envfile import Entry
from envguard.core.errors import UsageError
from envguard.envfile.document import EnvDocument, parse
from envguard.envfile.example import (
    Decision,
    merge_example,
    missing,
    render_example,
    undocumented,
)
from tests.envfile.pieces import VALID, files, pairs


def decide(entry: Entry) -> Decision:
    assert entry.value is not None
    value = entry.value.reveal()
    secret = entry.key.endswith(("KEY", "PASSWORD", "password"))
    return Decision.BLANK if secret and not value.startswith("secret:") else Decision.KEEP


def is_safe(words: str) -> bool:
    return not any(character.isdigit() for character in words)


def example(content: bytes) -> bytes:
    return render_example(parse(content, ".env"), decide, is_safe)


def merge(existing: bytes | None, env: bytes) -> bytes:
    found = None if existing is None else parse(existing, ".env.example")
    return merge_example(found, parse(env, ".env"), decide, is_safe)


def test_a_file_becomes_its_example() -> None:
    content = b"""\xef\xbb\xbf# The shop\r
\r
DEBUG=1\r
export API_KEY = "hunter2"   # from the console\r
  DB_PASSWORD='l1\r
l2'#c\r
# OLD_PASSWORD=hunter2\r
# was hunter2 once\r
\r
TOKEN=secret:TOKEN  # moved\r
OTHER_KEY=
# the end"""
    assert (
        example(content)
        == b"""\xef\xbb\xbf# The shop\r
\r
DEBUG=1\r
export API_KEY =   # from the console\r
  DB_PASSWORD= #c\r
# OLD_PASSWORD=\r
\r
TOKEN=secret:TOKEN  # moved\r
OTHER_KEY=
# the end"""
    )


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"KEY=hunter2 # was abc1\n", b"KEY=\n"),
        (b"KEY=hunter2 # password: x\n", b"KEY= # password:\n"),
        (b"DEBUG=1 # was abc1  \n", b"DEBUG=1\n"),
        (b"KEY\n", b"KEY\n"),
        (b"KEY=''  # c\n", b"KEY=''  # c\n"),
        (b"\n\n# hunter2\n\nA=x\n", b"\n\n\nA=x\n"),
        (b"", b""),
    ],
)
def test_values_and_comments_are_shown_as_decided(content: bytes, shown: bytes) -> None:
    assert example(content) == shown


def test_a_key_that_stands_twice_is_shown_once_as_it_is_the_last_time() -> None:
    content = b"# a\r\nKEY=hunter2 # old\r\nB=x\n\n# b\nKEY=secret:KEY # new"
    assert example(content) == b"# a\r\nKEY=secret:KEY # new\r\nB=x\n\n# b\n"


def test_a_line_that_cannot_be_parsed_stops_the_example() -> None:
    for make in (
        lambda: example(b"A=1\nKEY='hunter2\n"),
        lambda: merge(b"", b"KEY='hunter2\n"),
        lambda: merge(b"KEY: hunter2\n", b"A=1\n"),
    ):
        with pytest.raises(UsageError, match="is no KEY=VALUE line") as caught:
            make()
        assert "hunter2" not in caught.value.what + caught.value.hint


@given(content=files(VALID))
def test_the_example_has_every_key_once_and_no_value_that_is_blanked(content: bytes) -> None:
    document = parse(content, ".env")

    def blank(entry: Entry) -> Decision:
        return Decision.BLANK

    shown = parse(render_example(document, blank, is_safe), ".env.example")
    last = dict(pairs(document))
    assert pairs(shown) == [(key, None if value is None else "") for key, value in last.items()]


@given(content=files(VALID), value=st.sampled_from(["hunter2", "'l1\nhunter2'", '"hunter2" # c']))
def test_no_part_of_a_secret_is_left(content: bytes, value: str) -> None:
    secret = f"\n# OLD_PASSWORD={value}\nAPI_KEY={value} # hunter2\n# hunter2\n".encode()
    secret = secret.replace(b"# OLD_PASSWORD='l1\n", b"# OLD_PASSWORD='l1 ")
    assert b"hunter2" not in example(content + secret)


def test_without_an_example_a_new_one_is_made() -> None:
    assert merge(None, b"# c\nKEY=hunter2\n") == b"# c\nKEY=\n"


def test_an_existing_example_keeps_its_bytes_and_gains_the_missing_keys() -> None:
    existing = b"# 1. get it at https://example.com\r\nDEBUG=0 # or 1\r\n\r\nGONE=x"
    env = b"# about A\nA=x # words\nDEBUG=1\nAPI_KEY='hunter2'\nA=y"
    assert merge(existing, env) == existing + b"\r\nA=y\r\nAPI_KEY=\r\n"


def test_a_secret_in_an_existing_example_is_blanked_in_place() -> None:
    assert merge(b"# c1\nAPI_KEY='hunter2' # c2\nA=1\n", b"") == b"# c1\nAPI_KEY='' # c2\nA=1\n"


def test_an_empty_example_and_one_of_a_mark_alone_gain_no_blank_line() -> None:
    assert merge(b"", b"A=1") == b"A=1\n"
    assert merge(b"\xef\xbb\xbf", b"A=1") == b"\xef\xbb\xbfA=1\n"


@given(existing=files(VALID), env=files(VALID))
def test_merging_twice_changes_nothing_more(existing: bytes, env: bytes) -> None:
    once = merge(existing, env)
    assert merge(once, env) == once
    assert undocumented(parse(once, ""), parse(env, "")) == []
    if not any(e.value and decide(e) is Decision.BLANK for e in parse(existing, "").entries):
        assert once.startswith(existing)


def test_both_files_are_compared_by_key() -> None:
    shown, env = parse(b"A=\nB=\nC\n", ".env.example"), parse(b"D=1\nB=2\nD=3\nE\n", ".env")
    assert missing(shown, env) == ["A", "C"]
    assert undocumented(shown, env) == ["D", "E"]


@pytest.mark.parametrize(
    ("shown", "env", "expected"),
    [
        (b"A=\nAPI_KEY=\n", b"API_KEY=hunter2\nA=1\n", True),
        (b"A=\n", b"A=1\nB=2\n", False),
        (b"A=\nB=\n", b"A=1\n", False),
        (b"API_KEY=hunter2\n", b"API_KEY=hunter2\n", False),
    ],
)
def test_in_step_means_same_keys_and_no_secret(shown: bytes, env: bytes, expected: bool) -> None:
    documents: tuple[EnvDocument, EnvDocument] = parse(shown, ".env.example"), parse(env, ".env")
    unchanged = merge_example(*documents, decide, is_safe) == documents[0].render()
    assert (unchanged and not missing(*documents)) is expected
