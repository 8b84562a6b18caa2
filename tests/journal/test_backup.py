from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.core.errors import BackendError, NotFoundError, UsageError
from envguard.journal import backup as module
from envguard.journal.backup import Backup, Backups

KEY = bytes(range(32))
ENV = Path("/srv/shop/.env")
CONTENT = b"A=\xff\r\nB='two\nlines'\n\0"


@pytest.fixture
def backups(tmp_path: Path) -> Backups:
    return Backups(tmp_path / "data/backups", KEY)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(), st.integers(0, 0o7777), st.binary(min_size=1, max_size=9))
def test_what_comes_back_is_what_went_in(
    backups: Backups, content: bytes, mode: int, name: bytes
) -> None:
    path = Path("/srv") / os.fsdecode(name.replace(b"\0", b""))
    backups.forget("m1")
    backups.save("m1", path, content, mode)
    assert backups.load("m1") == Backup(path, content, mode)


def test_a_backup_is_private_and_shows_nothing_of_its_content(backups: Backups) -> None:
    file = backups.save("m1", ENV, b"NAME=" + b"value" * 10, 0o640)
    assert file == backups.folder / "m1.egb"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(backups.folder.stat().st_mode) == 0o700
    assert b"NAME" not in file.read_bytes()
    assert b"value" not in file.read_bytes()
    assert "NAME" not in repr(backups.load("m1"))
    assert [other.name for other in backups.folder.iterdir()] == ["m1.egb"]


def test_the_first_line_says_what_it_is_and_no_more(backups: Backups) -> None:
    line = backups.save("m1", ENV, CONTENT, 0o640).read_bytes().partition(b"\n")[0]
    header = json.loads(line)
    assert header.pop("created").endswith("Z")
    assert header == {
        "format": "envguard backup v1",
        "id": "m1",
        "path": str(ENV),
        "key_id": backups.key_id,
        "mode": 0o640,
    }


def test_the_same_content_is_never_the_same_file(backups: Backups) -> None:
    sealed = {backups.save(f"m{n}", ENV, CONTENT, 0o600).read_bytes()[-20:] for n in range(20)}
    assert len(sealed) == 20


def test_saving_the_same_again_changes_nothing(backups: Backups) -> None:
    file = backups.save("m1", ENV, CONTENT, 0o600)
    before = file.read_bytes()
    assert backups.save("m1", ENV, CONTENT, 0o600) == file
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("path", "content", "mode"),
    [(ENV, b"", 0o600), (ENV, CONTENT, 0o644), (Path("/b"), CONTENT, 0o600)],
)
def test_a_backup_is_never_written_over(
    backups: Backups, path: Path, content: bytes, mode: int
) -> None:
    file = backups.save("m1", ENV, CONTENT, 0o600)
    before = file.read_bytes()
    with pytest.raises(BackendError, match=r"m1\.egb already keeps something else"):
        backups.save("m1", path, content, mode)
    assert file.read_bytes() == before


def test_every_changed_byte_is_noticed(backups: Backups) -> None:
    file = backups.save("m1", ENV, CONTENT, 0o600)
    good = file.read_bytes()
    for place in range(len(good)):
        for flip in (0x01, 0x20, 0x80):
            bad = bytearray(good)
            bad[place] ^= flip
            file.write_bytes(bad)
            with pytest.raises(BackendError) as caught:
                backups.load("m1")
            assert str(file) in caught.value.what


def test_every_cut_and_every_added_byte_is_noticed(backups: Backups) -> None:
    file = backups.save("m1", ENV, CONTENT, 0o600)
    good = file.read_bytes()
    for bad in (*(good[:size] for size in range(len(good))), good + b"\0", b"\n" + good):
        file.write_bytes(bad)
        with pytest.raises(BackendError):
            backups.load("m1")


def test_another_key_opens_nothing_and_says_so(backups: Backups) -> None:
    file = backups.save("m1", ENV, CONTENT, 0o600)
    other = Backups(backups.folder, bytes(32))
    with pytest.raises(BackendError, match="another key") as caught:
        other.load("m1")
    assert str(file) in caught.value.what
    assert "ENVGUARD_KEY" in caught.value.hint


def test_a_key_id_that_is_written_over_opens_nothing_either(backups: Backups) -> None:
    file = backups.save("m1", ENV, CONTENT, 0o600)
    other = Backups(backups.folder, bytes(32))
    file.write_bytes(file.read_bytes().replace(backups.key_id.encode(), other.key_id.encode()))
    for reader in (backups, other):
        with pytest.raises(BackendError):
            reader.load("m1")


def test_a_backup_under_another_name_is_refused(backups: Backups) -> None:
    file = backups.save("m1", ENV, CONTENT, 0o600)
    file.rename(file.with_name("m2.egb"))
    with pytest.raises(BackendError):
        backups.load("m2")


def test_another_path_or_mode_in_the_first_line_is_refused(backups: Backups) -> None:
    file = backups.save("m1", ENV, CONTENT, 0o600)
    good = file.read_bytes()
    for old, new in ((b"/srv/shop/.env", b"/home/other/e"), (b'"mode": 384', b'"mode": 438')):
        assert old in good
        file.write_bytes(good.replace(old, new))
        with pytest.raises(BackendError):
            backups.load("m1")


def test_a_disk_that_gives_back_something_else_fails_the_backup(
    backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn(path: Path, content: bytes, *, mode: int) -> None:
        path.write_bytes(content[:-1])

    monkeypatch.setattr(module, "write_atomically", torn)
    with pytest.raises(BackendError):
        backups.save("m1", ENV, CONTENT, 0o600)


def test_a_disk_that_gives_back_an_older_backup_fails_the_backup(
    backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = backups.save("m1", ENV, b"older", 0o600).read_bytes()
    backups.forget("m1")

    def stale(path: Path, content: bytes, *, mode: int) -> None:
        path.write_bytes(older)

    monkeypatch.setattr(module, "write_atomically", stale)
    with pytest.raises(BackendError, match="does not give back"):
        backups.save("m1", ENV, CONTENT, 0o600)


def test_a_missing_backup_is_not_found(backups: Backups) -> None:
    with pytest.raises(NotFoundError):
        backups.load("m1")
    assert backups.list() == ()
    assert backups.forget("m1") is False


def test_a_listing_has_every_backup_the_damaged_too(backups: Backups) -> None:
    backups.save("b", ENV, CONTENT, 0o600)
    backups.save("a", Path("/x/.env"), CONTENT, 0o600)
    backups.file("c").write_bytes(b"nothing")
    backups.file("d").write_bytes(backups.file("a").read_bytes())
    found = backups.list()
    assert [(info.id, info.path, info.damaged) for info in found] == [
        ("a", "/x/.env", False),
        ("b", str(ENV), False),
        ("c", "", True),
        ("d", "", True),
    ]
    assert found[0].key_id == backups.key_id


def test_a_forgotten_backup_is_gone(backups: Backups) -> None:
    backups.save("m1", ENV, CONTENT, 0o600)
    assert backups.forget("m1") is True
    assert backups.list() == ()


@pytest.mark.parametrize("name", ["", ".", "..", "../m1", "a/b", "a\0", ".hidden", "x" * 65, "ä"])
def test_an_id_is_never_a_way_out_of_the_folder(backups: Backups, name: str) -> None:
    for action in (backups.load, backups.forget, backups.file):
        with pytest.raises(UsageError):
            action(name)
    with pytest.raises(UsageError):
        backups.save(name, ENV, CONTENT, 0o600)


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_a_key_of_another_size_is_a_bug(tmp_path: Path, size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Backups(tmp_path, bytes(size))
