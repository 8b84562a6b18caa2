"""Files for age: read, changed, merged, damaged, and shared."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from envguard.backends.age import AgeBackend, open_age
from envguard.backends.agefile import text as age_text
from envguard.backends.agefile.entry import Entry, seal
from envguard.backends.agefile.kept import opened
from envguard.core.config import Config
from envguard.core.errors import (
    BackendError,
    ConfigError,
    EnvguardError,
    NameNotAllowed,
    UsageError,
)
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from tests.backends.members import URL, User, colleague, founder

pytest.importorskip("pyrage", reason="the extra `age` is not installed")

needs_age = pytest.mark.skipif(
    shutil.which("age") is None, reason="the program age is not installed (Debian: age)"
)


@pytest.fixture
def ada(tmp_path: Path) -> User:
    return founder(tmp_path)


def refusal(user: User, *names: str) -> EnvguardError:
    with pytest.raises(EnvguardError) as caught:
        user.get(*names)
    return caught.value


def test_the_file_shows_names_and_recipients_in_order_and_no_values(ada: User) -> None:
    for name in ("ZED", "API_KEY", "db.password", "A-1"):
        ada.set(name, f"canary-{name}")
    text = ada.file.read_text()
    lines = text.split("\n")
    assert lines[0] == "# envguard age file v1"
    assert re.fullmatch(r"# id: [0-9a-f]{32}", lines[1])
    assert lines[2] == f"# recipient: {ada.recipient} ada"
    entries = lines[3:]
    assert entries[::2] == [""] * 5
    assert [line.partition("=")[0] for line in entries[1::2]] == [
        "A-1",
        "API_KEY",
        "ZED",
        "db.password",
    ]
    for line in entries[1::2]:
        sealed = base64.b64decode(line.partition("=")[2], validate=True)
        assert sealed.startswith(b"age-encryption.org/v1\n")
    assert "canary" not in text
    assert (ada.file.stat().st_mode & 0o777) == 0o644
    assert (ada.backend.kept.identity.file.stat().st_mode & 0o777) == 0o600


@needs_age
def test_the_program_age_reads_ours_and_we_read_its(ada: User, tmp_path: Path) -> None:
    ada.set("NAME", "päss\nword")
    key = ada.backend.kept.identity.file
    pipe = 'grep "^NAME=" "$1" | cut -d= -f2- | base64 -d | age -d -i "$2"'
    said = subprocess.check_output(["sh", "-c", pipe, "-", str(ada.file), str(key)])
    assert json.loads(said)["value"] == "päss\nword"
    held = ada.backend.kept.load()
    assert held is not None
    plain = json.dumps({"file": held.id, "name": "THEIRS", "value": "made by age"}).encode()
    made = subprocess.run(
        ["age", "-r", ada.recipient], input=plain, capture_output=True, check=True
    ).stdout
    with ada.file.open("a") as file:
        file.write(f"THEIRS={base64.b64encode(made).decode()}\n")
    assert ada.get("NAME", "THEIRS") == {"NAME": "päss\nword", "THEIRS": "made by age"}
    assert ada.set("THEIRS", "made by us") == "1"
    assert ada.get("THEIRS") == {"THEIRS": "made by us"}


@needs_age
def test_a_key_of_age_keygen_is_used_as_it_is(tmp_path: Path) -> None:
    user = User(tmp_path / "ada", tmp_path)
    key = user.backend.kept.identity.file
    key.parent.mkdir(parents=True)
    said = subprocess.run(
        ["age-keygen", "-o", str(key)], capture_output=True, text=True, check=True
    )
    assert user.recipient in said.stderr
    user.set("A", "1")
    assert user.get("A") == {"A": "1"}


def test_a_value_that_is_there_writes_nothing(ada: User) -> None:
    assert ada.set("A", "1", token="t1") == "1"
    before = ada.file.read_bytes(), ada.file.stat().st_mtime_ns
    assert ada.set("A", "1", token="another") == "1"
    assert (ada.file.read_bytes(), ada.file.stat().st_mtime_ns) == before
    assert ada.set("A", "2", token="third") == "2"
    assert ada.set("A", "1", token="t1") == "1"
    assert ada.get("A") == {"A": "2"}


def test_a_write_changes_its_own_line_and_no_other(ada: User) -> None:
    for name in "ABC":
        ada.set(name, name)
    before = ada.file.read_text().splitlines()
    ada.set("B", "new")
    after = ada.file.read_text().splitlines()
    changed = [old for old, new in zip(before, after, strict=True) if old != new]
    assert [line[:2] for line in changed] == ["B="]


def test_an_entry_of_another_name_or_file_is_an_error_and_no_value(
    ada: User, tmp_path: Path
) -> None:
    ada.set("A", "canary-a")
    ada.set("B", "canary-b")
    good = ada.file.read_text()
    lines = dict(line.split("=", 1) for line in good.splitlines() if line[1:2] == "=")
    ada.file.write_text(good.replace(lines["B"], lines["A"]))
    error = refusal(ada, "B")
    assert "B in" in error.what
    assert "copied from another name" in error.what
    assert str(ada.file) in error.what
    assert "canary" not in error.what + error.hint
    assert ada.get("A") == {"A": "canary-a"}
    other = User(tmp_path / "ada", tmp_path / "other")
    other.tree.mkdir()
    other.backend.kept.make()
    text = other.file.read_text()
    other.file.write_text(f"{text}\nA={lines['A']}\n")
    assert "copied from another file" in refusal(other, "A").what


def test_one_wrong_line_does_not_take_the_others_away(ada: User) -> None:
    from envguard.core.backend import UnreadableError

    ada.set("A", "1")
    ada.set("B", "2")
    text = ada.file.read_text()
    ada.file.write_text(text[:-10] + ("y" if text[-10] == "x" else "x") + text[-9:])
    refs = [Reference("secret", name) for name in "AB"]
    with pytest.raises(UnreadableError) as caught:
        ada.backend.read(refs)
    assert caught.value.values == {refs[0]: Secret("1")}
    assert list(caught.value.problems) == [refs[1]]
    with pytest.raises(BackendError):
        ada.backend.check()
    assert ada.delete("B")  # the way out
    ada.backend.check()


def test_no_changed_byte_gives_a_wrong_value_or_a_wrong_absence(ada: User) -> None:
    values = {"AB": "first value", "CD": "second value"}
    for name, value in values.items():
        ada.set(name, value)
    good = ada.file.read_bytes()
    refs = [Reference("secret", name) for name in ("AB", "CD", "NONE")]
    refused = 0
    for place in range(0, len(good)):
        bad = bytearray(good)
        bad[place] ^= 1 << (place % 8)
        ada.file.write_bytes(bad)
        for asked in (refs, refs[:1]):
            try:
                found = {ref.name: v.reveal() for ref, v in ada.backend.read(asked).items()}
            except BackendError as error:
                refused += 1
                assert str(ada.file) in error.what
                assert error.hint
            else:
                assert found == {r.name: values[r.name] for r in asked if r.name in values}
    assert refused > len(good)  # most of the file is messages


def test_a_cut_file_is_an_error_or_lacks_whole_entries(ada: User) -> None:
    for name in ("A", "B"):
        ada.set(name, name * 5)
    good = ada.file.read_bytes()
    for length in range(0, len(good), 7):
        ada.file.write_bytes(good[:length])
        try:
            found = ada.get("A", "B")
        except BackendError:
            continue
        assert found.items() <= {"A": "AAAAA", "B": "BBBBB"}.items()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "X=1\n" + text, "does not begin as"),
        (lambda _: "", "does not begin as"),
        (lambda text: re.sub("# id: .*\n", "", text), "has no id"),
        (lambda text: re.sub("(# id: ).*", r"\1xyz", text), "has no id"),
        (lambda text: text + "# id: " + "0" * 32 + "\n", "has no id, or several"),
        (lambda text: text + "A=\n", "a second line for A"),
        (lambda text: text + "two words=\n", "is damaged in line 6"),
        (lambda text: text + "<<<<<<< HEAD\n", "in the middle of a merge"),
        (lambda text: text + "\udcff\n", "not UTF-8"),
    ],
)
def test_what_is_no_such_file_is_an_error_that_names_the_way_out(
    ada: User, change: object, message: str
) -> None:
    ada.set("A", "1")
    text = change(ada.file.read_text())  # type: ignore[operator] # a function
    ada.file.write_text(text, errors="surrogateescape")
    for action in (lambda: ada.get("A"), lambda: ada.set("B", "1"), ada.backend.list):
        with pytest.raises(BackendError, match=message) as caught:
            action()
        assert str(ada.file) in caught.value.what + caught.value.hint
    assert ada.file.read_text(errors="surrogateescape") == text


def test_line_ends_and_comments_of_others_are_no_damage(ada: User) -> None:
    ada.set("A", "1")
    text = ada.file.read_text().replace("\n\nA=", "\n# ask Ada for a key\n\nA=")
    ada.file.write_bytes(text.replace("\n", "\r\n").encode())
    assert ada.get("A", "NONE") == {"A": "1"}
    ada.set("B", "2")
    assert "# ask Ada for a key\n" in ada.file.read_text()
    assert ada.get("A", "B") == {"A": "1", "B": "2"}


def test_without_a_key_names_can_be_listed_and_values_cannot_be_read(
    ada: User, tmp_path: Path
) -> None:
    ada.set("A", "1")
    stranger = User(tmp_path / "eve", ada.tree)
    assert [row.name for row in stranger.backend.list()] == ["A"]
    error = refusal(stranger, "A")
    assert "ENVGUARD_KEY" in error.what
    assert str(stranger.backend.kept.identity.file) in error.what
    assert error.hint == "make one: envguard secrets key new --backend age:secrets.age"
    listed = ada.backend.list()[0]
    assert (listed.version, listed.updated[-1:]) == (1, "Z")


def test_another_key_is_told_whom_to_ask(ada: User, tmp_path: Path) -> None:
    ada.set("A", "1")
    eve = User(tmp_path / "eve", ada.tree)
    mine = eve.recipient
    error = refusal(eve, "A")
    assert str(eve.backend.kept.identity.file) in error.what
    assert str(ada.file) in error.what
    assert f"recipients add {mine}" in error.hint


def test_the_key_of_the_variable_is_used_and_one_of_the_store_is_not(
    ada: User, tmp_path: Path
) -> None:
    ada.set("A", "1")
    key = ada.backend.kept.identity.get(URL).keys[0].reveal()
    assert User(tmp_path / "ci", ada.tree, f" {key}\n").get("A") == {"A": "1"}
    refusal(User(tmp_path / "ci", ada.tree, "egk1_something"), "A")
    error = refusal(User(tmp_path / "ci", ada.tree, key[:-1]), "A")
    assert error.what.startswith("ENVGUARD_KEY holds no private key of age")
    assert key[:-1] not in error.what + error.hint


@pytest.mark.parametrize("how", ["readable", "link", "folder", "empty", "text", "several"])
def test_a_key_file_that_is_not_as_it_should_be_is_refused(ada: User, how: str) -> None:
    ada.set("A", "1")
    file = ada.backend.kept.identity.file
    if how == "readable":
        file.chmod(0o644)
    elif how == "link":
        file.rename(file.with_name("elsewhere"))
        file.symlink_to("elsewhere")
    elif how == "folder":
        file.unlink()
        file.mkdir()
    elif how == "several":
        file.write_text(file.read_text() + "AGE-PLUGIN-YUBIKEY-1XYZ\n")
    else:
        file.write_text({"empty": "", "text": "hello\n"}[how])
    error = refusal(ada, "A")
    assert isinstance(error, BackendError)
    assert str(file) in error.what


def test_a_key_that_is_there_is_never_replaced(ada: User, tmp_path: Path) -> None:
    source = ada.backend.kept.identity
    before = source.file.read_bytes()
    own = source.get(URL).keys[0]
    assert source.keep(own).recipients == (ada.recipient,)
    eve = User(tmp_path / "eve", ada.tree)
    assert eve.recipient
    with pytest.raises(BackendError, match="holds another key"):
        source.keep(eve.backend.kept.identity.get(URL).keys[0])
    with pytest.raises(BackendError):
        source.make()
    assert source.file.read_bytes() == before


def test_a_file_that_is_gone_is_an_error_where_this_user_had_accepted_it(
    ada: User, tmp_path: Path
) -> None:
    ada.set("A", "1")
    ada.file.unlink()
    for action in (lambda: ada.get("A"), lambda: ada.set("A", "1"), lambda: ada.delete("A")):
        with pytest.raises(BackendError, match="is gone"):
            action()
    assert User(tmp_path / "eve", ada.tree).get("A") == {}
    ada.backend.kept.make()
    assert ada.get("A") == {}


def test_the_first_write_makes_the_file_where_there_is_a_key(tmp_path: Path) -> None:
    user = User(tmp_path / "ada", tmp_path)
    with pytest.raises(BackendError, match="no key"):
        user.set("A", "1")
    assert not user.file.exists()
    assert user.recipient
    assert user.set("A", "1") == "1"
    assert user.get("A") == {"A": "1"}


def test_a_link_is_read_and_not_replaced(ada: User) -> None:
    ada.set("A", "1")
    ada.file.rename(ada.tree / "real.age")
    ada.file.symlink_to("real.age")
    assert ada.get("A") == {"A": "1"}
    ada.trusts()  # it is another file
    with pytest.raises(EnvguardError, match="symbolic link"):
        ada.set("B", "1")


@pytest.mark.parametrize("key", ["1A", "a=b", "-a", "a b", "ä", "x" * 300, "#A", "a\n"])
def test_a_name_that_would_be_no_line_is_refused(ada: User, key: str) -> None:
    with pytest.raises(NameNotAllowed):
        ada.backend.locate(key)
    with pytest.raises(NameNotAllowed):
        ada.backend.write(Reference("secret", key), Secret("1"), token="t")


def test_a_version_is_refused_and_a_part_cannot_be_written(ada: User) -> None:
    ada.set("A", "{}")
    with pytest.raises(BackendError, match="keeps none"):
        ada.backend.read([Reference("secret", "A", version="1")])
    with pytest.raises(UsageError):
        ada.backend.write(Reference("secret", "A", "field"), Secret("1"), token="t")
    with pytest.raises(UsageError):
        ada.backend.delete(Reference("secret", "A", "field"))


@pytest.mark.parametrize("url", ["age:", "age:folder/", "age:a\0b"])
def test_a_url_that_names_no_file_is_refused(ada: User, url: str) -> None:
    with pytest.raises(ConfigError):
        open_age(url, ada.tree, ada.settings)


def test_an_entry_of_a_newer_envguard_is_refused(ada: User) -> None:
    ada.set("A", "1")
    held = ada.backend.kept.load()
    assert held is not None
    odd = Entry(Secret("2"), writes=((1, 2),))  # type: ignore[arg-type] # not of this version
    sealed = seal(odd, held.id, "A", opened(held.recipients))
    ada.file.write_bytes(held._replace(entries={"A": sealed}).text())
    assert "newer envguard" in refusal(ada, "A").what


def test_a_change_by_others_in_the_meantime_is_not_overwritten(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.set("A", "1")
    bob = colleague(ada)
    kept = ada.backend.kept
    calls = []

    def change(held: age_text.AgeFile, _identity: object) -> age_text.AgeFile:
        if not calls:
            calls.append("once")
            # As git does: without our lock.
            other = age_text.parse(bob.file.read_bytes(), bob.file)
            sealed = seal(Entry(Secret("2"), 1), other.id, "B", opened(other.recipients))
            bob.file.write_bytes(other._replace(entries={**other.entries, "B": sealed}).text())
        return held._replace(entries={k: v for k, v in held.entries.items() if k != "A"})

    kept.change(change)
    assert bob.get("A", "B") == {"B": "2"}


def test_writers_at_the_same_time_lose_nothing(ada: User, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.backends.members import founder\n"
        "user = founder(Path(sys.argv[1]))\n"
        "for n in range(10): user.set(f'K{sys.argv[2]}_{n}', sys.argv[2])"
    )
    root = Path(__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": str(root)}
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(n)], env=environ)
        for n in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    names = [row.name for row in ada.backend.list()]
    assert names == [f"K{w}_{n}" for w in range(3) for n in range(10)]


def test_two_first_writers_make_one_file(tmp_path: Path) -> None:
    user = User(tmp_path / "ada", tmp_path)
    assert user.recipient
    code = (
        "import sys; from pathlib import Path; from tests.backends.members import User\n"
        "root = Path(sys.argv[1]); User(root / 'ada', root).set(sys.argv[2], 'v')"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name], env=environ)
        for name in ("A", "B", "C")
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert user.get("A", "B", "C") == {"A": "v", "B": "v", "C": "v"}


def test_the_registry_opens_it_beside_the_configuration(ada: User) -> None:
    from envguard.backends.registry import open_backend

    ada.set("A", "1")
    config = Config(ada.tree, backends={"team": URL})
    for name in (URL, "team", f"age:{ada.file}"):
        backend = open_backend(name, config, ada.settings)
        assert isinstance(backend, AgeBackend)
        assert backend.kept.file == ada.file
