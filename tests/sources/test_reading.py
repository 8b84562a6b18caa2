"""What is in a file, which may be anything by the time that it is opened."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from envguard.core.document import LARGE, Document, Large
from envguard.core.finding import Coverage, Unseen
from envguard.sources.changes import OWN_REPOSITORY
from envguard.sources.reading import SPECIAL, read


def look(file: Path) -> tuple[Document | Large | None, Coverage]:
    coverage = Coverage()
    return read((str(file), "name"), coverage), coverage


def test_a_file_is_a_document_and_counted(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"text\0")
    document, coverage = look(tmp_path / "a")
    assert document == Document("name", b"text\0")
    assert (coverage.files, coverage.bytes) == (1, 5)


def test_a_file_of_no_size_by_its_own_account_is_read_to_its_end() -> None:
    document, coverage = look(Path("/proc/self/status"))
    assert isinstance(document, Document)
    assert document.text.startswith(b"Name:")
    assert coverage.bytes == len(document.text) > 100


@pytest.mark.parametrize("more", [0, 1, 5 << 20])
def test_a_large_file_comes_in_pieces_that_are_counted_as_they_come(
    tmp_path: Path, more: int
) -> None:
    text = b"x" * (LARGE + more)
    (tmp_path / "a").write_bytes(text)
    document, coverage = look(tmp_path / "a")
    assert isinstance(document, Large)
    assert (coverage.files, coverage.bytes) == (1, 0)
    assert b"".join(document.pieces) == text
    assert coverage.bytes == len(text)


def test_a_file_below_that_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * (LARGE - 1))
    assert isinstance(look(tmp_path / "a")[0], Document)


def test_a_file_that_is_gone_is_no_gap(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("gone", "file/below"):
        document, coverage = look(tmp_path / name)
        assert (document, coverage.skipped, coverage.excluded) == (None, [], [])


def test_what_is_no_file_is_left_out_with_its_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    (tmp_path / "repository/.git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)  # the name of a socket has few characters
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        told = {path.name: look(path)[1] for path in tmp_path.iterdir()}
    reasons = {name: [unseen.reason for unseen in c.excluded] for name, c in told.items()}
    assert reasons == {
        "link": ["symbolic link"],
        "dangling": ["symbolic link"],
        "pipe": [SPECIAL],
        "socket": [SPECIAL],
        "empty": [OWN_REPOSITORY],
        "repository": [OWN_REPOSITORY],
    }
    assert not any(coverage.skipped or coverage.files for coverage in told.values())


def test_a_folder_with_files_is_left_to_those(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file").touch()
    document, coverage = look(tmp_path / "folder")
    assert (document, coverage.skipped, coverage.excluded) == (None, [], [])


def test_a_link_is_known_where_the_system_cannot_refuse_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("envguard.sources.reading._NO_FOLLOW", 0)
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert look(tmp_path / "link")[1].excluded == [Unseen("name", "symbolic link")]


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * LARGE)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in ("file", "", "gone"):
        document, _ = look(tmp_path / name)
        if isinstance(document, Large):
            assert sum(map(len, document.pieces)) == LARGE
    assert len(list(Path("/proc/self/fd").iterdir())) == before
