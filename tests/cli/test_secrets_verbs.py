"""The verbs for what is said about secrets, their versions, and the store as a whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from envguard.cli import main
from tests.cli.program import Done, call
from tests.cli.terminal import answer
from tests.jobs.project import random_value
from tests.store.expire import expire

VALUE = random_value(1, 24)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "phrase").write_text("correct horse\n")
    return tmp_path


def secrets(folder: Path, *words: str, stdin: bytes = b"", key: str = "") -> Done:
    env = {"ENVGUARD_KEY": key} if key else None
    return call("secrets", "-f", "a.db", *words, cwd=folder, stdin=stdin, env=env)


def test_what_is_said_about_a_secret_is_shown_and_changed(folder: Path) -> None:
    words = ("--category", "token", "--tag", "a", "--tag", "b", "--expires-at", "2999-01-31")
    assert secrets(folder, "set", "A", VALUE, *words).code == 0
    shown = secrets(folder, "describe", "A").out
    for text in ("token", "a b", "2999-01-31T00:00:00Z"):
        assert text in shown
    assert VALUE not in shown
    changed = secrets(folder, "describe", "A", "--expires-at", "", "--description", "for a")
    assert "2999" not in changed.out
    report = secrets(folder, "describe", "A", "--format", "json").report["secret"]
    assert (report["description"], report["tags"], report["expires_at"]) == (
        "for a",
        ["a", "b"],
        None,
    )
    # Another value keeps what was said.
    secrets(folder, "set", "A", "other")
    assert secrets(folder, "describe", "A", "--format", "json").report["secret"]["version"] == 2
    secrets(folder, "describe", "NONE").says(5, "there is no secret NONE")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--expires-at", "soon"), "no date"),
        (("--expires-at", "2020-01-01"), "over already"),
        (("--rotate-every", "often"), "no period"),
    ],
)
def test_a_wrong_date_writes_nothing(folder: Path, words: tuple[str, ...], message: str) -> None:
    secrets(folder, "set", "A", VALUE, *words).says(2, message)
    assert secrets(folder, "exists", "A").code == 5


def test_an_expired_secret_stops_get_and_is_shown_by_list(folder: Path) -> None:
    secrets(folder, "set", "A", VALUE)
    expire(folder / "a.db", "A")
    secrets(folder, "get", "A").says(6, "A has expired", "envguard rotate A")
    assert "EXPIRED" in secrets(folder, "list").out
    assert secrets(folder, "list", "--format", "json").report["secrets"][0]["expired"]
    assert secrets(folder, "get", "A", "--reveal", "--allow-expired").out == VALUE
    assert call("rotation", "status", "-f", "a.db", cwd=folder).code == 1
    assert call("rotate", "-f", "a.db", "A", "--generate", cwd=folder).code == 0
    assert secrets(folder, "get", "A").code == 0
    assert call("rotation", "status", "-f", "a.db", cwd=folder).code == 0


def test_an_expired_secret_is_written_compared_and_imported(folder: Path) -> None:
    secrets(folder, "set", "A", "one")
    expire(folder / "a.db", "A")
    done = secrets(folder, "set", "A", VALUE)
    assert done.code == 0
    assert done.err.splitlines() == [
        "A is written, version 2",
        "it has expired: envguard secrets describe A --expires-at DATE",
    ]
    (folder / "v.env").write_text(f"A={VALUE}\nB=1\n")
    assert secrets(folder, "import", "v.env").err == "1 written, 1 were there already\n"
    assert call("secrets", "diff", "a.db", "a.db", cwd=folder).code == 0
    assert secrets(folder, "rollback", "A").code == 0
    assert secrets(folder, "get", "A").code == 6
    assert secrets(folder, "get", "A", "--reveal", "--allow-expired").out == "one"


def test_a_key_that_was_never_made_is_not_said_to_be_missing(folder: Path) -> None:
    secrets(folder, "key", "export").says(4, "there is no store", "envguard secrets set NAME")


def test_an_empty_passphrase_is_refused(folder: Path) -> None:
    secrets(folder, "set", "A", VALUE)
    (folder / "empty").write_text("\n")
    phrase = ("--passphrase-file", "empty")
    secrets(folder, "rotate-key", "--home", "passphrase", *phrase).says(2, "empty passphrase")
    secrets(folder, "backup", "b", *phrase).says(2, "empty passphrase")
    assert not (folder / "b").exists()
    assert secrets(folder, "get", "A", "--reveal").out == VALUE


def test_an_earlier_version_is_written_again(folder: Path) -> None:
    for value in ("one", "two", "three"):
        secrets(folder, "set", "A", value)
    lines = secrets(folder, "history", "A").out.splitlines()
    assert [line.split()[1] for line in lines] == ["1", "2", "3"]
    assert lines[-1].endswith("in force")
    assert "version 4" in secrets(folder, "rollback", "A").err
    assert secrets(folder, "get", "A", "--reveal").out == "two"
    secrets(folder, "rollback", "A", "1")
    assert secrets(folder, "get", "A", "--reveal").out == "one"
    assert len(secrets(folder, "history", "A", "--format", "json").report["versions"]) == 5
    secrets(folder, "rollback", "A", "9").says(5, "no version 9")
    secrets(folder, "history", "NONE").says(5, "NONE")


def test_a_purged_secret_has_no_versions(folder: Path) -> None:
    secrets(folder, "set", "A", VALUE)
    assert secrets(folder, "delete", "A", "--purge", "--yes").code == 0
    secrets(folder, "history", "A").says(5)
    assert VALUE.encode() not in (folder / "a.db").read_bytes()


def test_two_places_are_compared_without_a_value(folder: Path) -> None:
    for name, value in {"SAME": "s", "OTHER": "1", "MINE": VALUE}.items():
        secrets(folder, "set", name, value)
    for name, value in {"SAME": "s", "OTHER": "2", "THEIRS": VALUE}.items():
        call("secrets", "-f", "b.db", "set", name, value, cwd=folder)
    done = call("secrets", "diff", "a.db", "b.db", cwd=folder)
    assert done.code == 1
    assert done.out.splitlines() == [
        "only in a.db: MINE",
        "only in b.db: THEIRS",
        "different: OTHER",
        "one value: MINE in a.db, THEIRS in b.db",
    ]
    assert VALUE not in done.out + done.err
    assert call("secrets", "diff", "a.db", "a.db", cwd=folder).code == 0
    report = call("secrets", "diff", "a.db", "b.db", "--format", "json", cwd=folder).report
    assert report["equal"] == ["SAME"]


def test_json_and_folders_are_imported(folder: Path) -> None:
    (folder / "v.json").write_text('{"A": "1", "B": {"x": [2]}, "NONE": null, "N": 3}')
    done = secrets(folder, "import", "v.json")
    assert done.err.splitlines() == [
        "3 written, 0 were there already",
        "left out, references or without a value: NONE",
    ]
    assert secrets(folder, "get", "B", "--reveal").out == '{"x":[2]}'
    mounted = folder / "mounted"
    mounted.mkdir()
    (mounted / "KEY").write_bytes(b"line\nline\n")
    (mounted / "..data").write_text("not a key")
    assert secrets(folder, "import", "mounted").code == 0
    assert secrets(folder, "get", "KEY", "--reveal").out == "line\nline"
    (folder / "list.json").write_text("[1]")
    secrets(folder, "import", "list.json").says(2, "no JSON object")
    (mounted / "BINARY").write_bytes(b"\xff\xfe")
    secrets(folder, "import", "mounted").says(2, "not UTF-8")


def test_a_new_key_and_the_way_to_forget_the_old_one(folder: Path) -> None:
    secrets(folder, "set", "A", VALUE)
    before = (folder / "a.db.key").read_text()
    assert secrets(folder, "rotate-key").code == 0
    assert (folder / "a.db.key").read_text() != before
    assert secrets(folder, "get", "A", "--reveal").out == VALUE
    secrets(folder, "get", "A", key=before.strip()).says(4, "does not open")
    assert secrets(folder, "rotate-key", "--forget-old").code == 2  # it asks first
    assert secrets(folder, "rotate-key", "--forget-old", "--yes").code == 0
    assert sorted(file.name for file in folder.glob("a.db*")) == [
        "a.db",
        "a.db.key",
        "a.db.seen",
    ]


def test_a_store_under_a_passphrase(folder: Path) -> None:
    made = ("key", "new", "--home", "passphrase", "--passphrase-file", "phrase")
    assert secrets(folder, *made).code == 0
    assert not (folder / "a.db.key").exists()
    secrets(folder, "set", "A", VALUE).says(4, "opens with a passphrase", "ENVGUARD_KEY")
    assert secrets(folder, "set", "A", VALUE, key="correct horse").code == 0
    assert secrets(folder, "get", "A", "--reveal", key="correct horse").out == VALUE
    secrets(folder, "get", "A", key="wrong horse").says(4, "passphrase does not open")
    secrets(folder, *made).says(2, "has a key already")


def test_a_key_is_never_shown_on_a_terminal_or_put_over_a_file(folder: Path) -> None:
    secrets(folder, "set", "A", VALUE)
    assert secrets(folder, "key", "export").out.startswith("egk1_")
    secrets(folder, "key", "export", "-o", "phrase").says(2, "cannot be made")
    assert (folder / "phrase").read_text() == "correct horse\n"
    secrets(folder, "key", "import", stdin=b"egk1_wrong").says(4, "typing error")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has such a device")
def test_an_exported_key_is_written_whole_or_not_at_all(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets(folder, "set", "A", VALUE)
    monkeypatch.chdir(folder)
    make = os.open

    def full(path: str, flags: int, mode: int = 0o777, **more: int) -> int:
        found = make(path, flags, mode, **more)
        if Path(path).name == "k":
            with Path("/dev/full").open("wb") as device:  # every write to it fails: full(4)
                os.dup2(device.fileno(), found)
        return found

    monkeypatch.setattr(os, "open", full)
    assert main.call(["secrets", "-f", "a.db", "key", "export", "-o", "k"]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert not (folder / "k").exists()


def test_enter_alone_at_the_prompt_writes_nothing(folder: Path) -> None:
    code, shown = answer(("secrets", "-f", "a.db", "set", "A"), {"A: ": ""}, cwd=folder)
    assert code == 2
    assert 'envguard secrets set A ""' in shown
    assert not (folder / "a.db").exists()
    assert secrets(folder, "set", "A", "").code == 0


def test_backups_are_told_apart_from_anything_else(folder: Path) -> None:
    secrets(folder, "set", "A", VALUE)
    phrase = ("--passphrase-file", "phrase")
    assert secrets(folder, "backup", "b", *phrase).code == 0
    assert VALUE.encode() not in (folder / "b").read_bytes()
    secrets(folder, "restore", "phrase", *phrase, "--yes").says(4, "no backup")
    secrets(folder, "restore", "none", *phrase, "--yes").says(4, "cannot be read")
    secrets(folder, "restore", "b", *phrase).says(2, "nothing was done")
    (folder / "other").write_text("wrong\n")
    secrets(folder, "restore", "b", "--passphrase-file", "other", "--yes").says(4, "does not open")
    secrets(folder, "backup", "c").says(2, "no terminal")
    assert secrets(folder, "get", "A", "--reveal").out == VALUE
