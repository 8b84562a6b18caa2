"""`envguard rotation status` and `envguard rotate`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import Done, call
from tests.cli.terminal import answer
from tests.detection.samples import expand
from tests.jobs.project import random_value
from tests.store.expire import expire

OLD, NEW = random_value(1, 24), random_value(2, 24)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    secrets(tmp_path, "set", "A", OLD)
    return tmp_path


def secrets(folder: Path, *words: str, stdin: bytes = b"") -> Done:
    return call("secrets", "-f", "a.db", *words, cwd=folder, stdin=stdin)


def rotate(folder: Path, *words: str, stdin: bytes = b"") -> Done:
    done = call("rotate", "-f", "a.db", *words, cwd=folder, stdin=stdin)
    assert OLD not in done.out + done.err
    assert NEW not in done.out + done.err
    return done


def value(folder: Path) -> str:
    return secrets(folder, "get", "A", "--reveal").out


def test_a_value_from_a_pipe_takes_the_place_and_says_what_is_left(folder: Path) -> None:
    done = rotate(folder, "A", stdin=f"{NEW}\n".encode())
    assert (done.code, done.out) == (0, "")
    for text in ("version 2", "revoke the old value", "rotate A --done", "secrets rollback A"):
        assert text in done.err
    assert value(folder) == NEW
    assert secrets(folder, "rollback", "A").code == 0
    assert value(folder) == OLD
    assert rotate(folder, "A", "--done").code == 0
    lines = call("audit", "log", "-f", "a.db", "--type", "rotate", "--format", "json", cwd=folder)
    assert [line["action"] for line in lines.report["lines"]] == [
        "rotate.update",
        "rotate.verify",
        "rotate.done",
    ]


def test_at_a_terminal_it_is_asked_for_and_not_shown(folder: Path) -> None:
    code, shown = answer(("rotate", "-f", "a.db", "A"), {"new value of A: ": NEW}, cwd=folder)
    assert code == 0, shown
    assert NEW not in shown
    assert value(folder) == NEW


def test_enter_alone_is_no_new_value(folder: Path) -> None:
    code, shown = answer(("rotate", "-f", "a.db", "A"), {"new value of A: ": ""}, cwd=folder)
    assert code == 2
    assert "there is no new value" in shown
    for nothing in (b"", b"\n"):
        rotate(folder, "A", stdin=nothing).says(2, "there is no new value", "--generate")
    assert value(folder) == OLD


def test_a_password_is_made(folder: Path) -> None:
    assert rotate(folder, "A", "--generate").code == 0
    found = value(folder)
    assert len(found) == 32
    assert found.isalnum()
    assert rotate(folder, "A", "--generate", "--length", "64", "--symbols").code == 0
    assert len(value(folder)) == 64
    assert not value(folder).isalnum()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "one name"),
        (("A", "B"), 2, "one name"),
        (("NONE", "--generate"), 5, "no secret NONE"),
        (("NONE", "--done"), 5, "no secret NONE"),
        (("A", "--length", "20"), 2, "add --generate"),
        (("A", "--symbols"), 2, "add --generate"),
        (("A", "--generate", "--length", "8"), 2, "use 16 to 4096"),
        (("A", "--generate", "--length", "long"), 2, "no length"),
    ],
)
def test_a_wrong_call_changes_nothing(
    folder: Path, words: tuple[str, ...], code: int, message: str
) -> None:
    rotate(folder, *words).says(code, message)
    assert value(folder) == OLD


def test_the_same_value_and_bytes_are_refused(folder: Path) -> None:
    rotate(folder, "A", stdin=OLD.encode()).says(2, "this value already")
    rotate(folder, "A", stdin=b"\xff\xfe").says(2, "not UTF-8")
    assert secrets(folder, "history", "A").out.count("version") == 1


def test_where_the_old_one_is_revoked_is_said(folder: Path) -> None:
    token = expand("{github:ghp_}").decode()
    secrets(folder, "set", "A", token)
    done = rotate(folder, "A", "--generate")
    assert "https://github.com/" in done.err
    assert token not in done.err


def test_what_is_late_is_first_and_ends_in_1(folder: Path) -> None:
    secrets(folder, "set", "DB_PASSWORD", OLD)
    done = call("rotation", "status", "-f", "a.db", cwd=folder)
    assert done.code == 0
    assert "(30d: a database's password)" in done.out
    expire(folder / "a.db", "A")
    late = call("rotation", "status", "-f", "a.db", cwd=folder)
    assert late.code == 1
    assert late.out.splitlines()[0].split()[:2] == ["A", "expired"]
    assert "next: envguard rotate A" in late.err
    rows = call("rotation", "status", "-f", "a.db", "--format", "json", cwd=folder)
    assert rows.code == 1
    assert [(row["name"], row["state"]) for row in rows.report["secrets"]] == [
        ("A", "expired"),
        ("DB_PASSWORD", "ok"),
    ]
    assert OLD not in done.out + late.out + rows.out


def test_a_store_without_secrets_is_in_order(tmp_path: Path) -> None:
    done = call("rotation", "status", "-f", "none.db", cwd=tmp_path)
    assert (done.code, done.out) == (0, "")
    assert not list(tmp_path.iterdir())
