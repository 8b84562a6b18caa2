"""`envguard secrets` as it is typed: before and after the verb, at a prompt, in a pipe."""

from __future__ import annotations

import os
import pty
import select
import time
from pathlib import Path

import pytest

from envguard.store.keys import RootKey
from tests.cli.program import PROGRAM, call
from tests.jobs.project import random_value

VALUE = random_value(1, 24)


def at_terminal(cwd: Path, answers: list[tuple[str, str]], *arguments: str) -> tuple[int, str]:
    """Runs the program at a terminal and types each answer at its prompt; the exit code and all
    that the terminal showed."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(cwd)
        os.execv(PROGRAM, ["envguard", *arguments])  # noqa: S606 - the program under test
    shown, waiting, end = b"", list(answers), time.monotonic() + 30
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # Linux says so when the child has closed it
            break
        if not chunk:
            break
        shown += chunk
        if waiting and waiting[0][0] in shown.decode():
            time.sleep(0.1)  # getpass empties its input before it reads
            os.write(terminal, waiting.pop(0)[1].encode())
    os.close(terminal)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert not waiting, shown
    return code, shown.decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_the_store_is_named_before_or_after_the_verb(folder: Path) -> None:
    done = call("secrets", "-f", "a.db", "set", "KEY", VALUE, cwd=folder)
    assert (done.code, done.out, done.err) == (0, "", "KEY is written, version 1\n")
    for words in (
        ("secrets", "-f", "a.db", "get", "KEY", "--reveal"),
        ("secrets", "get", "-f", "a.db", "--reveal", "KEY"),
        ("secrets", "get", "KEY", "--reveal", "--store=a.db"),
        ("secrets", "--store", str(folder / "a.db"), "get", "--reveal", "KEY"),
    ):
        assert (call(*words, cwd=folder).code, call(*words, cwd=folder).out) == (0, VALUE)
    # After the verb is nearer.
    assert call("secrets", "-f", "a.db", "exists", "-f", "b.db", "KEY", cwd=folder).code == 5
    assert sorted(path.name for path in folder.iterdir()) == ["a.db", "a.db.key", "a.db.seen"]
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        assert VALUE.encode() not in path.read_bytes()


def test_a_value_is_asked_for_without_echo(folder: Path) -> None:
    code, shown = at_terminal(
        folder, [("KEY: ", f"{VALUE}\n")], "secrets", "-f", "a.db", "set", "KEY"
    )
    assert code == 0
    assert VALUE not in shown
    assert "KEY is written, version 1" in shown
    # At a terminal a shown value ends with a line end; in a pipe it does not.
    code, shown = at_terminal(folder, [], "secrets", "-f", "a.db", "get", "--reveal", "KEY")
    assert (code, shown) == (0, f"{VALUE}\r\n")
    assert call("secrets", "-f", "a.db", "get", "--reveal", "KEY", cwd=folder).out == VALUE


def test_a_deletion_is_asked_about(folder: Path) -> None:
    call("secrets", "-f", "a.db", "set", "KEY", VALUE, cwd=folder)
    delete = ("secrets", "-f", "a.db", "delete", "KEY")
    call(*delete, cwd=folder).says(2, "KEY was not deleted", "answer y, or use --yes")
    code, shown = at_terminal(folder, [("delete KEY? [y/N] ", "n\n")], *delete)
    assert (code, "was not deleted" in shown) == (2, True)
    code, shown = at_terminal(folder, [("delete KEY? [y/N] ", "y\n")], *delete)
    assert (code, "KEY is deleted" in shown) == (0, True)
    call(*delete, "--yes", cwd=folder).says(5, "there is no secret KEY")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (b"\n", b""),
        (b"x", b"x"),
        (b"x\n", b"x"),
        (b"x\n\n", b"x\n"),
        (b"a\r\nb\r\n", b"a\r\nb\r"),
        ("ü 🔑\t\0".encode(), "ü 🔑\t\0".encode()),
    ],
)
def test_a_piped_value_comes_back_byte_for_byte_but_for_one_line_end(
    folder: Path, given: bytes, kept: bytes
) -> None:
    assert call("secrets", "-f", "a.db", "set", "KEY", cwd=folder, stdin=given).code == 0
    for env in ({}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        done = call("secrets", "-f", "a.db", "get", "KEY", "--reveal", cwd=folder, env=env)
        assert (done.code, os.fsencode(done.out), done.err) == (0, kept, "")


def test_no_input_is_no_value(folder: Path) -> None:
    done = call("secrets", "-f", "a.db", "set", "KEY", cwd=folder)
    done.says(2, "there is no value", 'secrets set KEY ""')
    assert not (folder / "a.db").exists()


def test_a_value_that_is_no_text_is_refused(folder: Path) -> None:
    done = call("secrets", "-f", "a.db", "set", "KEY", cwd=folder, stdin=b"\xff")
    done.says(2, "the value of KEY is not UTF-8 text")
    assert not (folder / "a.db").exists()


def test_an_argument_that_is_no_text_comes_back_byte_for_byte(folder: Path) -> None:
    given = os.fsdecode(b"a\xffb")
    assert call("secrets", "-f", "a.db", "set", "KEY", given, cwd=folder).code == 0
    assert call("secrets", "-f", "a.db", "get", "KEY", "--reveal", cwd=folder).out == given


def test_a_value_is_masked_unless_it_is_to_be_revealed(folder: Path) -> None:
    call("secrets", "-f", "a.db", "set", "KEY", VALUE, cwd=folder)
    call("secrets", "-f", "a.db", "set", "SHORT", "abc", cwd=folder)
    masked = f"{VALUE[:4]}********{VALUE[-2:]}"
    assert call("secrets", "-f", "a.db", "get", "KEY", cwd=folder).out == masked + "\n"
    assert call("secrets", "-f", "a.db", "get", "SHORT", cwd=folder).out == "********\n"
    report = ("secrets", "-f", "a.db", "get", "KEY", "--format", "json")
    assert call(*report, cwd=folder).report == {"schema": 1, "name": "KEY", "value": masked}
    assert call(*report, "--reveal", cwd=folder).report["value"] == VALUE


def test_a_list_has_names_and_no_values(folder: Path) -> None:
    empty = call("secrets", "-f", "a.db", "list", cwd=folder)
    assert (empty.code, empty.out) == (0, "")
    assert "there are no secrets yet" in empty.err
    for name in ("B", "LONG_NAME", "B"):
        call("secrets", "-f", "a.db", "set", name, VALUE + name, cwd=folder)
    lines = call("secrets", "-f", "a.db", "list", cwd=folder).out.splitlines()
    assert [line[:20] for line in lines] == ["B          version 2", "LONG_NAME  version 1"]
    report = call("secrets", "-f", "a.db", "list", "--format", "json", cwd=folder).report
    assert report["schema"] == 1
    assert [(row["name"], row["version"]) for row in report["secrets"]] == [
        ("B", 2),
        ("LONG_NAME", 1),
    ]
    assert set(report["secrets"][0]) == {
        *("name", "version", "created", "updated", "description", "category"),
        *("tags", "expires_at", "rotate_every", "expired"),
    }
    assert VALUE not in str(report)


def test_existence_is_an_exit_code(folder: Path) -> None:
    call("secrets", "-f", "a.db", "set", "KEY", "", cwd=folder)
    for name, code in (("KEY", 0), ("KEY@1", 0), ("KEY@2", 5), ("OTHER", 5)):
        done = call("secrets", "-f", "a.db", "exists", name, cwd=folder)
        assert (done.code, done.out, done.err) == (code, "", "")
    call("secrets", "-f", "a.db", "get", "OTHER", cwd=folder).says(5, "there is no secret OTHER")


def test_a_file_is_imported_as_python_dotenv_reads_it(folder: Path) -> None:
    (folder / ".env").write_text(f"A={VALUE}\nB='x y' # c\nC=${{A}}!\nD=secret:X\nE\n")
    done = call("secrets", "-f", "a.db", "import", ".env", cwd=folder)
    assert done.code == 0
    assert "3 written, 0 were there already" in done.err
    assert "left out, references or without a value: D, E" in done.err
    assert call("secrets", "-f", "a.db", "get", "C", "--reveal", cwd=folder).out == VALUE + "!"
    again = call("secrets", "-f", "a.db", "import", ".env", cwd=folder)
    assert "0 written, 3 were there already" in again.err
    call("secrets", "-f", "a.db", "import", "none", cwd=folder).says(2, "none cannot be read")


def test_the_environment_is_imported_by_prefix_only(folder: Path) -> None:
    given = {"SECRET_A": VALUE, "SECRET_B": "secret:X", "OTHER": "x"}
    imported = ("secrets", "-f", "a.db", "import")
    call(*imported, cwd=folder, env=given).says(2, "the whole environment is not imported")
    assert call(*imported, "--prefix", "SECRET_", cwd=folder, env=given).code == 0
    # What a variable holds is a value, whatever it looks like.
    assert call("secrets", "-f", "a.db", "get", "B", "--reveal", cwd=folder).out == "secret:X"
    rows = call("secrets", "-f", "a.db", "list", "--format", "json", cwd=folder).report["secrets"]
    assert [row["name"] for row in rows] == ["A", "B"]


def test_a_wrong_key_no_key_and_a_damaged_store_are_told_apart(folder: Path) -> None:
    store, key = folder / "a.db", folder / "a.db.key"
    call("secrets", "-f", "a.db", "set", "KEY", VALUE, cwd=folder)
    get = ("secrets", "-f", "a.db", "get", "KEY")
    other = {"ENVGUARD_KEY": RootKey.new().text().reveal()}
    call(*get, cwd=folder, env=other).says(4, "this key does not open the store")
    for verb in (("set", "KEY", VALUE), ("delete", "KEY", "--yes"), ("list",), ("exists", "KEY")):
        done = call("secrets", "-f", "a.db", *verb, cwd=folder, env=other)
        done.says(4, "this key does not open the store")
    text = key.read_text()
    assert call(*get, cwd=folder, env={"ENVGUARD_KEY": text.strip()}).code == 0
    key.unlink()
    call(*get, cwd=folder).says(4, f"the key file {key}", "is missing")
    call("secrets", "-f", "a.db", "set", "NEW", VALUE, cwd=folder).says(4, "is missing")
    key.touch(0o600)
    key.write_text(text)
    assert call(*get, cwd=folder).code == 0
    content = bytearray(store.read_bytes())
    for at in range(8192, len(content), 50):
        content[at] ^= 1
    store.write_bytes(content)
    call(*get, cwd=folder).says(4, f"the store {store} is damaged")


@pytest.mark.parametrize(
    "words",
    [
        ("set", "BAD NAME", VALUE),
        ("set", "KEY", VALUE, "more"),
        ("--backend", "local:", "-f", "a.db", "set", "KEY", VALUE),
        ("--backend", "none:", "set", "KEY", VALUE),
        ("set", "KEY@1", VALUE),
    ],
)
def test_a_value_on_the_command_line_is_never_shown(folder: Path, words: tuple[str, ...]) -> None:
    named = () if "--backend" in words else ("-f", "a.db")
    done = call("secrets", *named, *words, cwd=folder)
    assert done.code in (2, 3)
    assert VALUE not in done.out + done.err


def test_the_projects_own_secrets_need_its_trust(folder: Path) -> None:
    call("secrets", "set", "KEY", VALUE, cwd=folder).says(3, "local: needs a project")
    assert call("init", "--yes", cwd=folder).code == 0
    assert call("secrets", "set", "KEY", VALUE, cwd=folder).code == 0
    assert call("secrets", "get", "KEY", "--reveal", cwd=folder).out == VALUE
    (folder / "clone").mkdir()
    (folder / "clone/envguard.toml").write_bytes((folder / "envguard.toml").read_bytes())
    done = call("secrets", "get", "KEY", "--reveal", cwd=folder / "clone")
    done.says(3, "is not trusted", "envguard trust")
