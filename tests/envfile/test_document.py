"""Bytes in, bytes out; values are python-dotenv's; an edit changes its value and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from envguard.core.errors import ExitCode, UsageError
from envguard.envfile.document import EnvDocument, parse, read
from envguard.envfile.parts import advice
from envguard.envfile.quote import can_be_spelled
from tests.envfile.pieces import BROKEN, VALID, dotenv_reads, files, noise, pairs

# What python-dotenv 1.2.4 was measured to read, without interpolation.
READ_AS: dict[str, tuple[bytes, dict[str, str | None]]] = {
    "trailing blanks": (b"K=v  \n", {"K": "v"}),
    "blank before the value": (b"K= v\n", {"K": "v"}),
    "blanks around =": (b"K = v\n", {"K": "v"}),
    "tabs around =": (b"K\t=\tv\n", {"K": "v"}),
    "hash without blank": (b"K=a#b\n", {"K": "a#b"}),
    "hash after blank": (b"K=a #b\n", {"K": "a"}),
    "hash first": (b"K=#b\n", {"K": "#b"}),
    "comment instead of a value": (b"K= #b\n", {"K": ""}),
    "hash in double quotes": (b'K="a #b" # c\n', {"K": "a #b"}),
    "backticks": (b"K=`a b`\n", {"K": "`a b`"}),
    "newline escape in double quotes": (b'K="a\\nb"\n', {"K": "a\nb"}),
    "newline escape in single quotes": (b"K='a\\nb'\n", {"K": "a\\nb"}),
    "newline escape without quotes": (b"K=a\\nb\n", {"K": "a\\nb"}),
    "tab escape": (b'K="a\\tb"\n', {"K": "a\tb"}),
    "Windows path": (b"K=C:\\temp\\new\n", {"K": "C:\\temp\\new"}),
    "escaped quote": (b'K="a\\"b"\n', {"K": 'a"b'}),
    "double quotes over lines": (b'K="l1\nl2"\nL=x\n', {"K": "l1\nl2", "L": "x"}),
    "single quotes over lines": (b"K='l1\nl2'\nL=x\n", {"K": "l1\nl2", "L": "x"}),
    "CRLF inside quotes": (b'K="l1\r\nl2"\r\nL=x\r\n', {"K": "l1\nl2", "L": "x"}),
    "variable": (b"K='a${XHOST}'\n", {"K": "a${XHOST}"}),
    "dollars": (b"K=pa$$w0rd$\n", {"K": "pa$$w0rd$"}),
    "bcrypt": (b"K=$2b$12$abc\n", {"K": "$2b$12$abc"}),
    "command": (b"K=$(echo hi)\n", {"K": "$(echo hi)"}),
    "lone CR": (b"K=v\rL=w\r", {"K": "v", "L": "w"}),
    "CRLF": (b"K=v\r\nL=w\r\n", {"K": "v", "L": "w"}),
    "duplicate": (b"K=1\nK=2\n", {"K": "2"}),
    "empty quotes": (b'K=""\n', {"K": ""}),
    "empty": (b"K=\n", {"K": ""}),
    "key alone": (b"K\n", {"K": None}),
    "colon": (b"K: v\n", {}),
    "dash in the key": (b"A-B=v\n", {"A-B": "v"}),
    "digit first": (b"1K=v\n", {"1K": "v"}),
    "export": (b"export K=v\n", {"K": "v"}),
    "JSON": (b'K={"a":"b c"}\n', {"K": '{"a":"b c"}'}),
    "apostrophe": (b"K=it's\n", {"K": "it's"}),
    "UTF-8": ("K=pä✓\n".encode(), {"K": "pä✓"}),
    "NUL": (b"K=a\0b\n", {"K": "a\0b"}),
    "URL": (b"K=http://x/?a=1&b=2\n", {"K": "http://x/?a=1&b=2"}),
    "form feed": (b"K=a\x0cb\n\x0cL=x\n", {"K": "a\x0cb", "L": "x"}),
    "byte-order mark": (b"\xef\xbb\xbfK=v\n", {"K": "v"}),
    "two byte-order marks": (b"\xef\xbb\xbf\xef\xbb\xbfK=v\n", {"\ufeffK": "v"}),
    "no final newline": (b"K=v", {"K": "v"}),
    "nothing": (b"", {}),
    "mark alone": (b"\xef\xbb\xbf", {}),
    "PEM without quotes": (
        b"K=-----BEGIN X-----\nabc=\n-----END X-----\nL=x\n",
        {"K": "-----BEGIN X-----", "abc": "", "L": "x"},
    ),
}


@pytest.mark.parametrize(("content", "values"), READ_AS.values(), ids=READ_AS)
def test_a_file_reads_as_python_dotenv_reads_it(
    content: bytes, values: dict[str, str | None]
) -> None:
    document = parse(content, ".env")
    assert dict(pairs(document)) == values == dotenv_reads(content)
    assert document.render() == content


@given(content=files() | noise())
def test_every_file_comes_back_byte_for_byte_with_the_values_of_python_dotenv(
    content: bytes,
) -> None:
    document = parse(content, ".env")
    assert document.render() == content
    assert dict(pairs(document)) == dotenv_reads(content)


@given(content=files())
def test_an_entry_begins_on_its_line_and_originals_are_whole_lines(content: bytes) -> None:
    document = parse(content, ".env")
    lines = content.decode().removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for entry in document.entries:
        assert entry.key in lines.split("\n")[entry.line - 1]
        assert entry.original in content.decode()
    for broken in document.problems:
        assert lines.split("\n")[broken.line - 1].strip()


def test_lines_count_from_the_key_not_from_the_blank_lines_above() -> None:
    document = parse(b"\n\r\n# c\r\rA='x\n\ny'\n  \n  B=1\n", ".env")
    assert [(e.key, e.line) for e in document.entries] == [("A", 5), ("B", 9)]
    assert document.entries[1].original == "  \n  B=1\n"


def test_duplicates_are_all_listed() -> None:
    assert pairs(parse(b"A=1\nB=2\nA=3\n", ".env")) == [("A", "1"), ("B", "2"), ("A", "3")]


def test_ten_thousand_keys_are_read_and_edited() -> None:
    content = "".join(f"KEY_{i}='value {i}' # c\r\n" for i in range(10_000)).encode()
    document = parse(content, ".env")
    edited = document.replace_all({entry.line: f"secret:{entry.key}" for entry in document.entries})
    assert len(edited.entries) == 10_000
    assert edited.render().endswith(b"KEY_9999='secret:KEY_9999' # c\r\n")


@pytest.mark.parametrize(
    ("content", "place", "encoding"),
    [
        (b"A=1\r\n\rB=p\xe4\n", "my .env:3", "latin1"),
        (b"\xff\xfeA\x00=\x001\x00", "my .env:1", "utf-16"),
    ],
)
def test_bytes_that_are_no_utf8_are_an_error_with_path_line_and_command(
    content: bytes, place: str, encoding: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse(content, "my .env")
    assert caught.value.what == f"{place} is not UTF-8"
    assert f"`iconv -f {encoding} -t utf-8 'my .env' > 'my .env'.utf8`" in caught.value.hint
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_file_is_read_from_disk_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfA=1\r\nB=2")
    assert read(file).render() == b"\xef\xbb\xbfA=1\r\nB=2" == file.read_bytes()


def test_a_file_that_is_not_there_or_a_folder_is_an_error_for_people(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.env cannot be read: No such file or directory"):
        read(tmp_path / ".env")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("statement", "hint"),
    [
        ("K='hunter2", "close the ' that the value begins with"),
        ('K = "hunter2', 'close the " that the value begins with'),
        ("K='x' hunter2", "put the whole value between the quotes"),
        ("hunter2: hunter2", "write it as KEY=VALUE"),
        ("=hunter2", "put a key before the `=`"),
        ("export =hunter2", "put a key before the `=`"),
        ("export ='hunter2'", "put a key before the `=`"),
        ("'hunter2", "close the quote that the key begins with"),
    ],
)
def test_a_line_that_cannot_be_parsed_is_named_and_not_quoted(statement: str, hint: str) -> None:
    document = parse(f"A=1\n\n{statement}\nB=2\n".encode(), "my.env")
    assert [problem.line for problem in document.problems] == [3]
    assert dict(pairs(document)) == {"A": "1", "B": "2"}
    with pytest.raises(UsageError) as caught:
        document.require_clean()
    assert caught.value.what == "my.env:3 is no KEY=VALUE line"
    assert hint in caught.value.hint
    assert "hunter2" not in caught.value.what + caught.value.hint + repr(document)


@given(content=files(BROKEN) | noise())
def test_the_advice_for_a_broken_line_is_one_of_a_few_fixed_texts(content: bytes) -> None:
    for problem in parse(content, ".env").problems:
        hint = advice(problem.text)
        assert re.fullmatch(r"(put|write|close the (quote|['\"]) that) [A-Za-z ,#=`]+", hint)


def test_further_broken_lines_are_counted() -> None:
    with pytest.raises(UsageError, match=r"^\.env:1 is no KEY=VALUE line, nor is 1 more$"):
        parse(b"a b\nc d\n", ".env").require_clean()
    with pytest.raises(UsageError, match=r"^\.env:1 is no KEY=VALUE line, nor are 2 more$"):
        parse(b"a b\nc d\n=\n", ".env").require_clean()


def test_a_clean_file_passes() -> None:
    parse(b"A=1\n# c\nB\n", ".env").require_clean()


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        (b"export  K = old  # c\r\n", "secret:K", b"export  K = secret:K  # c\r\n"),
        (b"\n\n  K='old'#c\n", "secret:K", b"\n\n  K='secret:K'#c\n"),
        (b'K="old"', "it's", b'K="it\'s"'),
        (b"K='old'", "it's", b"K='it\\'s'"),
        (b"K='old'", "a\rb", b'K="a\\rb"'),
        (b"K=old", "two words", b"K=two words"),
        (b"K=old", " padded", b"K=' padded'"),
        (b"K=old # c", "a #b", b"K='a #b' # c"),
        (b"K=old # c", "", b"K= # c"),
        (b"K= # c\n", "new", b"K=new # c\n"),
        (b"K# c\n", "", b"K= # c\n"),
        (b"K # c\n", "new", b"K=new # c\n"),
        (b"K\n", "new", b"K=new\n"),
        (b"K=\r\nL=1", "new", b"K=new\r\nL=1"),
        (b"K='l1\r\nl2' # c\r\nL=1", "secret:K", b"K='secret:K' # c\r\nL=1"),
        (b"K='old'\r\n", "l1\nl2", b"K='l1\r\nl2'\r\n"),
        (b"\xef\xbb\xbfK=old", "new", b"\xef\xbb\xbfK=new"),
        (b"K=old", "${A}", b"K=${A}"),
    ],
)
def test_an_edit_keeps_the_style_and_everything_around_the_value(
    before: bytes, value: str, after: bytes
) -> None:
    document = parse(before, ".env")
    edited = document.replace(document.entries[0], value)
    assert edited.render() == after
    assert dotenv_reads(after)["K"] == value
    assert document.render() == before


@given(
    content=files(VALID),
    value=st.text(st.characters(codec="utf-8", exclude_characters="\0"))
    | st.text(" #'\"\\\r\n\t$ab", max_size=8),
    data=st.data(),
)
def test_an_edit_changes_its_own_statement_only(
    content: bytes, value: str, data: st.DataObject
) -> None:
    document = parse(content, ".env")
    assume(document.entries)
    index = data.draw(st.integers(0, len(document.entries) - 1))
    entry = document.entries[index]
    edited = document.replace(entry, value)
    expected = pairs(document)
    expected[index] = (entry.key, value)
    assert pairs(edited) == expected
    assert dict(expected) == dotenv_reads(edited.render())
    old = [statement.text for statement in document.statements]
    new = [statement.text for statement in edited.statements]
    changed = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
    place = next(i for i, s in enumerate(document.statements) if s.entry == entry)
    assert changed in ([], [place])


def test_several_entries_change_in_one_edit() -> None:
    document = parse(b"A=1\nB='l1\nl2'\nA=3\n", ".env")
    assert document.replace_all({1: "x", 4: "y"}).render() == b"A=x\nB='l1\nl2'\nA=y\n"


def test_a_line_without_entry_cannot_be_replaced() -> None:
    with pytest.raises(LookupError, match="no entry on line 2"):
        parse(b"A=1\n# c\n", ".env").replace(2, "x")


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_a_value_that_no_file_can_hold_is_refused_without_being_shown(value: str) -> None:
    assert not can_be_spelled(value)
    for edit in (lambda d: d.replace(1, value), lambda d: d.append("B", value)):
        with pytest.raises(UsageError) as caught:
            edit(parse(b"A=1\n", ".env"))
        assert value not in caught.value.what + caught.value.hint


def test_an_edit_that_a_broken_line_would_swallow_is_refused() -> None:
    document = parse(b"A='open\nB=1\n", ".env")
    assert document.replace(2, "x").render() == b"A='open\nB=x\n"
    with pytest.raises(UsageError, match=r"^\.env:1 is no KEY=VALUE line"):
        document.replace(2, "it's")


def test_an_edit_that_does_not_read_back_is_a_bug_and_not_a_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("envguard.envfile.quote.spell", lambda *_: "x\nC=1")
    with pytest.raises(RuntimeError, match="changed more than its values") as caught:
        parse(b"A=1\nB=2\n", ".env").replace(1, "hunter2")
    assert "hunter2" not in str(caught.value)


def test_a_parser_that_leaves_lines_unread_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envguard.envfile.document.bindings", lambda _: iter(()))
    with pytest.raises(RuntimeError, match="unread"):
        parse(b"A=1\n", ".env")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"K=v\n"),
        (b"\xef\xbb\xbf", b"\xef\xbb\xbfK=v\n"),
        (b"A=1", b"A=1\nK=v\n"),
        (b"A=1\r\nB=2", b"A=1\r\nB=2\r\nK=v\r\n"),
        (b"A=1\n  ", b"A=1\n  \nK=v\n"),
    ],
)
def test_an_entry_is_appended_on_a_line_of_its_own(before: bytes, after: bytes) -> None:
    assert parse(before, ".env").append("K", "v").render() == after


@given(content=files(VALID), value=st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_an_appended_entry_reads_back_and_the_rest_stays(content: bytes, value: str) -> None:
    document = parse(content, ".env")
    longer = document.append("NEW", value)
    assert longer.render().startswith(content)
    assert pairs(longer) == [*pairs(document), ("NEW", value)]


@pytest.mark.parametrize("key", ["", "a b", "a=b", "a#b", "#a", "'a", "a\nb", " a"])
def test_a_key_that_would_not_read_back_is_refused(key: str) -> None:
    with pytest.raises(UsageError, match="cannot be a key in"):
        parse(b"A=1\n", ".env").append(key, "v")


def test_no_value_shows_in_a_document_or_its_statements() -> None:
    document: EnvDocument = parse(b"A=hunter2\n# hunter2\nhunter2 x\n", ".env")
    assert "hunter2" not in repr(document)
