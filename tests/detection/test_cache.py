"""The cache: what was written comes back, and nothing that anybody else could have made."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from envguard.detection import cache

PAYLOAD = bytes(range(256)) * 40


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that the cache keeps."""
    file = tmp_path / "cache" / "envguard" / "rules-1.bin"
    cache.write(file, PAYLOAD)
    return file


def test_what_is_written_is_read_and_is_private(file: Path) -> None:
    assert cache.read(file) == PAYLOAD
    assert mode(file) == 0o600
    assert mode(file.parent) == 0o700


def test_nothing_is_read_where_nothing_is(tmp_path: Path) -> None:
    assert cache.read(tmp_path / "none" / "rules-1.bin") is None


def test_an_empty_payload_is_kept_too(file: Path) -> None:
    cache.write(file, b"")
    assert cache.read(file) == b""


@pytest.mark.parametrize("wide", [0o644, 0o640, 0o602, 0o666])
def test_a_file_that_others_could_open_is_passed_over_and_then_replaced(
    file: Path, wide: int
) -> None:
    file.chmod(wide)
    assert cache.read(file) is None
    cache.write(file, PAYLOAD)
    assert cache.read(file) == PAYLOAD


@pytest.mark.parametrize("wide", [0o755, 0o770, 0o701, 0o777])
def test_a_folder_that_others_could_enter_is_passed_over_and_then_closed(
    file: Path, wide: int
) -> None:
    file.parent.chmod(wide)
    assert cache.read(file) is None
    cache.write(file, PAYLOAD)
    assert mode(file.parent) == 0o700
    assert cache.read(file) == PAYLOAD


def test_a_folder_that_was_there_before_is_used(tmp_path: Path) -> None:
    folder = tmp_path / "envguard"
    folder.mkdir(mode=0o755)
    cache.write(folder / "rules-1.bin", PAYLOAD)
    assert cache.read(folder / "rules-1.bin") == PAYLOAD
    assert mode(folder) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_somebody_else_is_passed_over(file: Path) -> None:
    os.chown(file, 12345, 12345)
    assert cache.read(file) is None
    os.chown(file, 0, 0)
    assert cache.read(file) == PAYLOAD
    os.chown(file.parent, 12345, 12345)
    assert cache.read(file) is None
    cache.write(file.with_name("rules-2.bin"), PAYLOAD)
    assert [found.name for found in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("place", [0, 31, 32, 5000, -1])
def test_a_file_with_a_flipped_bit_is_passed_over(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    assert cache.read(file) is None


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 10_000])
def test_a_file_that_breaks_off_is_passed_over(file: Path, size: int) -> None:
    file.write_bytes(file.read_bytes()[:size])
    assert cache.read(file) is None


def test_a_file_under_the_name_of_another_is_passed_over(file: Path) -> None:
    other = file.with_name("rules-2.bin")
    file.rename(other)
    assert cache.read(other) is None


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "envguard"
    if kind == "file":
        folder.write_text("")
    else:
        folder.mkdir(mode=0o700)
    file = folder / "rules-1.bin"
    if kind == "link":
        file.symlink_to(tmp_path / "elsewhere")
    if kind == "folder":
        file.mkdir()
    cache.write(file, PAYLOAD)
    assert cache.read(file) is None
    assert not (tmp_path / "elsewhere").exists()
