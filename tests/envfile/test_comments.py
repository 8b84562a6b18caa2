"""Old values do not leave with a comment."""

from __future__ import annotations

import pytest

from envguard.core.envfile import Entry
from envguard.envfile.comments import clean_comment


def is_secret(entry: Entry) -> bool:
    return entry.value is not None and "hunter2" in entry.value.reveal()


def is_safe(words: str) -> bool:
    return "hunter2" not in words


def clean(comment: str) -> str:
    return clean_comment(comment, 7, is_secret, is_safe)


@pytest.mark.parametrize(
    "comment",
    [
        "# plain words",
        "#",
        "#####  ",
        "# see https://example.com/a?b=c#d",
        "# DEBUG=1 # or 0",
        "# at 10:30, in a/b.py: c",
        "# KEY= ",
        "#KEY='a #b'  ",
    ],
)
def test_a_comment_without_secrets_stays_as_it_is(comment: str) -> None:
    assert clean(comment) == comment


@pytest.mark.parametrize(
    ("comment", "cleaned"),
    [
        ("# OLD_KEY=hunter2", "# OLD_KEY="),
        ("#OLD_KEY = 'hunter2' # bad", "#OLD_KEY ="),
        ("# export OLD_KEY=hunter2", "# export OLD_KEY="),
        ("# password: hunter2", "# password:"),
        ("# password:hunter2", "# password:"),
        ('# {"password": "hunter2"}', '# {"password":'),
        ("# the old password: hunter2, 2019", "# the old password:"),
        ("# Note: DB_PASSWORD=hunter2", "# Note:"),
        ("# DEBUG=1 # PASSWORD=hunter2", "# DEBUG=1 # PASSWORD="),
        ('# KEY="hunter2', "# KEY="),
        ("# Schlüssel: hunter2", "# Schlüssel:"),
    ],
)
def test_a_secret_that_is_assigned_in_a_comment_is_cut_off(comment: str, cleaned: str) -> None:
    assert clean(comment) == cleaned


@pytest.mark.parametrize(
    ("comment", "cleaned"),
    [
        ("# hunter2", ""),
        ("# it was hunter2, DEBUG=1", ""),
        ("# kept # hunter2 # kept too", "# kept # kept too"),
        ("# DEBUG=1 # hunter2", "# DEBUG=1"),
        ("# aHVudGVy/hunter2==", ""),
    ],
)
def test_words_that_are_not_safe_go(comment: str, cleaned: str) -> None:
    assert clean(comment) == cleaned


def test_an_assignment_is_asked_about_as_an_entry_with_its_value_unquoted() -> None:
    asked: list[Entry] = []

    def ask(entry: Entry) -> bool:
        asked.append(entry)
        return False

    clean_comment('# old KEY="a b"', 7, ask, is_safe)
    assert [(e.key, e.value and e.value.reveal(), e.line) for e in asked] == [("KEY", "a b", 7)]
