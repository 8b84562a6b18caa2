"""A file in any dialect is rewritten so that its own dialect reads the new values, and the rest
byte for byte as before; its example is one in the same dialect."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.core.envfile import Entry
from envguard.core.errors import UsageError
from envguard.envfile.dialects import example
from envguard.envfile.dialects.document import DialectDocument, parse
from envguard.envfile.dialects.registry import DIALECTS, read
from envguard.envfile.example import Decision, nothing

QUOTING = [name for name in DIALECTS if name != "docker"]
SHAPES = [
    "A=plain # comment",
    "  B = spaced",
    "export C='single quotes' # c",
    'D="double \\" quotes"',
    "E=",
    "F= # nothing",
    "G=a#b",
    "# H=old value",
    "",
    "I=`ticks`",
    "J='two\nlines'",
    "K: yaml",
    "L",
    "M=$A${C}",
    "N='it''s'",
]
VALUES = [
    "secret:NAME",
    "two words",
    "",
    "it's",
    'say "hi"',
    "a#b",
    "$HOME",
    "back\\slash",
    "l1\nl2",
]


def document(text: str, dialect: str) -> DialectDocument:
    return parse(text.encode(), ".env", dialect)


def pairs(env: DialectDocument) -> list[tuple[str, str | None]]:
    return [(e.key, None if e.value is None else e.value.reveal()) for e in env.entries]


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=150)
@given(
    lines=st.lists(st.sampled_from(SHAPES), max_size=8),
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
    value=st.sampled_from(VALUES),
    number=st.integers(0, 7),
)
def test_one_value_changes_and_nothing_else(
    dialect: str, lines: list[str], end: str, mark: str, value: str, number: int
) -> None:
    text = mark + "".join(line.replace("\n", end) + end for line in lines)
    try:
        env = document(text, dialect)
    except UsageError:
        return  # the dialect refuses the file
    assert env.render() == text.encode()
    rows = [line.line for line in env.lines]
    chosen = [line for line in env.lines if line.span is not None and rows.count(line.line) == 1]
    if not chosen:
        return
    line = chosen[number % len(chosen)]
    try:
        edited = env.replace_all({line.line: value})
    except UsageError as error:
        assert value not in error.what or len(value) < 2
        assert dialect in error.what
        return
    found = list(read(edited.render(), ".env", dialect))
    expected = [(old.key, (value,) if old is line else old.pieces) for old in env.lines]
    assert [(new.key, new.pieces) for new in found] == expected
    start, stop = line.span or (0, 0)
    assert edited.text.startswith(env.text[:start])
    assert edited.text.endswith(env.text[stop:])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_reference_can_stand_in_every_dialect(dialect: str) -> None:
    quote = "" if dialect == "docker" else '"'
    env = document(f"# c\nA={quote}old{quote}\nB=2\n", dialect)
    edited = env.replace_all({2: "secret:A"})
    assert edited.text == f"# c\nA={quote}secret:A{quote}\nB=2\n"


@pytest.mark.parametrize("dialect", QUOTING)
@given(value=st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=12))
def test_a_value_is_spelled_or_refused(dialect: str, value: str) -> None:
    env = document("A=1\nB=2\n", dialect)
    try:
        edited = env.replace_all({1: value})
    except UsageError as error:
        assert "cannot hold the value of A" in error.what
        return
    found = {line.key: line.pieces for line in read(edited.render(), ".env", dialect)}
    assert found == {"A": (value,), "B": ("2",)}


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not here")
@given(value=st.text("ab'\"\\$`# \n{}()&;|~", max_size=12))
def test_bash_itself_reads_what_was_written(value: str) -> None:
    edited = document("A='old'\n", "bash").replace_all({1: value})
    done = subprocess.run(
        ["bash", "-c", f"set -a\n{edited.text}\nexec env -0"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        check=True,
    )
    assert f"A={value}\0".encode() in done.stdout


def test_docker_holds_no_second_line() -> None:
    with pytest.raises(UsageError, match="a docker file cannot hold the value of A"):
        document("A=1\n", "docker").replace_all({1: "l1\nl2"})


def test_a_line_without_an_entry_is_no_place_for_a_value() -> None:
    with pytest.raises(LookupError):
        document("# c\nA=1\n", "node").replace_all({1: "x"})


def test_what_is_no_utf8_is_not_rewritten() -> None:
    with pytest.raises(UsageError, match=r"\.env:2 is not UTF-8"):
        parse(b"A=1\nB=\xff\n", ".env", "node")


def decide(entry: Entry) -> Decision:
    if entry.key.endswith("KEY"):
        return Decision.BLANK
    value = "" if entry.value is None else entry.value.reveal()
    return Decision.REFER if value.startswith("secret:") else Decision.KEEP


def is_safe(words: str) -> bool:
    return not any(character.isdigit() for character in words)


def shown(text: str, dialect: str, existing: str | None = None) -> str:
    before = None if existing is None else document(existing, dialect)
    env = document(text, dialect)
    return example.merge_example(before, env, decide, is_safe, nothing).decode()


def test_a_file_becomes_its_example_in_its_dialect() -> None:
    text = (
        "# The shop\r\n\r\nDEBUG: 1\r\nexport API_KEY=`hunter2`   # from the console\r\n"
        "B_KEY='l1\r\nl2'#c\r\n# OLD_KEY=hunter2\r\n# was hunter2\r\nhunter2 alone\r\n"
        "REF='secret:X'"
    )
    assert shown(text, "node") == (
        "# The shop\r\n\r\nDEBUG: 1\r\nexport API_KEY=   # from the console\r\n"
        "B_KEY= #c\r\n# OLD_KEY=\r\nREF='secret:X'"
    )
    assert shown("A=1\nexport B_KEY=hunter2\n", "bash") == "A=1\nexport B_KEY=\n"
    assert shown("A=1 # no comment\nB_KEY=x # y\n", "docker") == "A=1 # no comment\nB_KEY=\n"


def test_an_example_that_is_there_keeps_its_bytes() -> None:
    existing = "# mine\nA = 'somewhere'   # note\nB_KEY=`hunter2`\nREF=\n"
    text = 'A=1\nB_KEY=x\nREF=secret:REF\nNEW_KEY=y\nC="two words"\n'
    expected = existing.replace("`hunter2`", "``").replace("REF=", "REF=secret:REF")
    assert shown(text, "node", existing) == expected + 'NEW_KEY=\nC="two words"\n'
