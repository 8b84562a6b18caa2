"""The parts of a statement join to its text, and the value among them is the spelled value."""

from __future__ import annotations

import pytest
from hypothesis import given

from envguard.envfile.document import parse
from envguard.envfile.line_ends import count_lines
from envguard.envfile.parts import Parts, split, split_comment
from tests.envfile.pieces import dotenv_reads, files, noise


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("K=v\n", ("", "K", "=", "v", "", "\n")),
        ("K=v \t\n", ("", "K", "=", "v", " \t", "\n")),
        (
            "\r\n\n export  K =  v w  # c\r\n",
            ("\r\n\n", " export  K ", "=  ", "v w", "  # c", "\r\n"),
        ),
        ("K='a\r\nb'#c", ("", "K", "=", "'a\r\nb'", "#c", "")),
        ('\'a b\'="x\\"y" \r', ("", "'a b'", "=", '"x\\"y"', " ", "\r")),
        ("K= #c\n", ("", "K", "= ", "", "#c", "\n")),
        ("K=#c\n", ("", "K", "=", "#c", "", "\n")),
        ("K  #c\n", ("", "K", "", "", "  #c", "\n")),
        ("export\n", ("", "export", "", "", "", "\n")),
    ],
)
def test_a_statement_is_cut_where_python_dotenv_cuts_it(text: str, parts: tuple[str, ...]) -> None:
    assert split(text) == Parts(*parts)


@given(content=files() | noise())
def test_parts_join_to_the_text_and_hold_the_value(content: bytes) -> None:
    for entry in parse(content, ".env").entries:
        parts = split(entry.original)
        assert parts.join() == entry.original
        if entry.value is not None:
            alone = f"K={parts.value}\n".encode()
            assert dotenv_reads(alone) == {"K": entry.value.reveal()}


@pytest.mark.parametrize("text", ["", "=x", "K='open", "# c"])
def test_what_is_no_entry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no entry"):
        split(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("\n  # a b \r\n", ("\n  ", "# a b ", "\r\n")),
        ("#a", ("", "#a", "")),
        (" \n\n", (" \n", "", "\n")),
    ],
)
def test_a_comment_is_cut_from_its_blanks_and_line_end(
    text: str, parts: tuple[str, str, str]
) -> None:
    assert split_comment(text) == parts


def test_every_kind_of_line_end_counts_once() -> None:
    assert count_lines("a\nb\r\nc\rd\x0c\x85\u2028") == 3
